#include "zeropoint/data/preprocessing.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <span>

#include "zeropoint/data/parse.h"

namespace zp {
namespace {

std::optional<ImageSize> parse_size(std::string_view text) {
  const auto sides = split(text, 'x');
  if (sides.size() != 2) return std::nullopt;
  const auto width = parse_whole(sides[0]);
  const auto height = parse_whole(sides[1]);
  if (!width || !height || !check_size(*width, *height)) return std::nullopt;
  return ImageSize{static_cast<int>(*width), static_cast<int>(*height)};
}

bool set_resize(Preprocessing& preprocessing, std::string_view text) {
  constexpr std::string_view kShort = "short:";
  if (text.starts_with(kShort)) {
    const auto length = parse_whole(text.substr(kShort.size()));
    if (!length || !check_size(*length, *length)) return false;
    preprocessing.resize = ShortSide{static_cast<int>(*length)};
    return true;
  }
  const auto size = parse_size(text);
  if (size) preprocessing.resize = *size;
  return size.has_value();
}

bool set_crop(Preprocessing& preprocessing, std::string_view text) {
  const auto size = parse_size(text);
  if (size) preprocessing.crop = size;
  return size.has_value();
}

bool set_letterbox(Preprocessing& preprocessing, std::string_view text) {
  const auto parts = split(text, ':');
  const auto size = parse_size(parts[0]);
  if (!size || parts.size() > 3) return false;
  Letterbox letterbox{.size = *size};
  if (parts.size() > 1) {
    const auto fill = parse_whole(parts[1]);
    if (!fill || *fill < 0 || *fill > 255) return false;
    letterbox.fill = static_cast<int>(*fill);
  }
  if (parts.size() > 2) {
    if (parts[2] != "center" && parts[2] != "topleft") return false;
    letterbox.placement = parts[2] == "center" ? Placement::kCenter : Placement::kTopLeft;
  }
  preprocessing.letterbox = letterbox;
  return true;
}

bool set_scale(Preprocessing& preprocessing, std::string_view text) {
  const auto scale = parse_float(text);
  if (scale) preprocessing.scale = scale;
  return scale.has_value();
}

bool set_list(std::vector<float>& list, std::string_view text) {
  std::vector<float> values;
  for (const std::string_view part : split(text, ',')) {
    const auto value = parse_float(trim(part));
    if (!value) return false;
    values.push_back(*value);
  }
  list = std::move(values);
  return true;
}
bool set_mean(Preprocessing& preprocessing, std::string_view text) {
  return set_list(preprocessing.mean, text);
}
bool set_std(Preprocessing& preprocessing, std::string_view text) {
  return set_list(preprocessing.std, text);
}

template <class Enum, size_t kCount>
bool set_enum(std::optional<Enum>& member, const std::array<Enum, kCount>& all,
              std::string_view text) {
  for (const Enum one : all) {
    if (name(one) != text) continue;
    member = one;
    return true;
  }
  return false;
}
bool set_channels(Preprocessing& preprocessing, std::string_view text) {
  return set_enum(preprocessing.channels,
                  std::array{Channels::kRgb, Channels::kBgr, Channels::kGray}, text);
}
bool set_layout(Preprocessing& preprocessing, std::string_view text) {
  return set_enum(preprocessing.layout, std::array{ImageLayout::kNchw, ImageLayout::kNhwc}, text);
}

struct Key {
  std::string_view name;
  bool (*set)(Preprocessing&, std::string_view);
  std::string_view expected;
};
constexpr std::array kKeys{
    Key{"channels", set_channels, "rgb, bgr or gray"},
    Key{"crop", set_crop, "WIDTHxHEIGHT"},
    Key{"layout", set_layout, "nchw or nhwc"},
    Key{"letterbox", set_letterbox,
        "WIDTHxHEIGHT, WIDTHxHEIGHT:FILL with FILL from 0 to 255, or "
        "WIDTHxHEIGHT:FILL:center"},
    Key{"mean", set_mean, "a number, or one for each channel"},
    Key{"resize", set_resize, "WIDTHxHEIGHT or short:LENGTH"},
    Key{"scale", set_scale, "a number or a quotient such as 1/255"},
    Key{"std", set_std, "a number, or one for each channel"},
};

std::string text_of(ImageSize size) { return fmt::format("\"{}x{}\"", size.width, size.height); }
std::string text_of(const std::variant<ImageSize, ShortSide>& resize) {
  if (const auto* side = std::get_if<ShortSide>(&resize)) {
    return fmt::format("\"short:{}\"", side->length);
  }
  return text_of(std::get<ImageSize>(resize));
}
std::string text_of(const Letterbox& box) {
  return fmt::format("\"{}x{}:{}{}\"", box.size.width, box.size.height, box.fill,
                     box.placement == Placement::kCenter ? ":center" : "");
}
std::string text_of(float value) { return fmt::format("{}", value); }
std::string text_of(const std::vector<float>& values) {
  return fmt::format("[{}]", fmt::join(values, ","));
}
std::string text_of(auto value) { return fmt::format("\"{}\"", name(value)); }

}  // namespace

std::string_view name(Channels channels) {
  switch (channels) {
    case Channels::kRgb:
      return "rgb";
    case Channels::kBgr:
      return "bgr";
    case Channels::kGray:
      return "gray";
  }
  return "";
}

std::string_view name(ImageLayout layout) { return layout == ImageLayout::kNchw ? "nchw" : "nhwc"; }

Status set_preprocessing(Preprocessing& preprocessing, std::string_view key,
                         std::string_view text) {
  std::vector<std::string_view> names;
  for (const Key& row : kKeys) {
    if (row.name == key) {
      if (row.set(preprocessing, text)) return {};
      return invalid_argument(fmt::format("{} \"{}\": expected {}", key, text, row.expected));
    }
    names.push_back(row.name);
  }
  return invalid_argument(
      fmt::format("unknown key \"{}\"; there are {}", key, fmt::join(names, ", ")));
}

Status check_preprocessing(const Preprocessing& preprocessing) {
  if (preprocessing.letterbox && (preprocessing.resize || preprocessing.crop)) {
    return invalid_argument("letterbox resizes itself: it does not go with resize or crop");
  }
  for (const auto& [key, values] : {std::pair("mean", std::span(preprocessing.mean)),
                                    std::pair("std", std::span(preprocessing.std))}) {
    if (values.size() > 1 && values.size() != 3) {
      return invalid_argument(fmt::format(
          "{} has {} values; expected one, or one for each of 3 channels", key, values.size()));
    }
  }
  for (const float divisor : preprocessing.std) {
    if (divisor == 0) return invalid_argument("std is 0, and values are divided by it");
  }
  return {};
}

std::string to_json(const Preprocessing& preprocessing) {
  std::vector<std::string> members;
  const auto add = [&](std::string_view key, const std::string& text) {
    members.push_back(fmt::format("\"{}\":{}", key, text));
  };
  if (preprocessing.channels) add("channels", text_of(*preprocessing.channels));
  if (preprocessing.crop) add("crop", text_of(*preprocessing.crop));
  if (preprocessing.layout) add("layout", text_of(*preprocessing.layout));
  if (preprocessing.letterbox) add("letterbox", text_of(*preprocessing.letterbox));
  if (!preprocessing.mean.empty()) add("mean", text_of(preprocessing.mean));
  if (preprocessing.resize) add("resize", text_of(*preprocessing.resize));
  if (preprocessing.scale) add("scale", text_of(*preprocessing.scale));
  if (!preprocessing.std.empty()) add("std", text_of(preprocessing.std));
  return fmt::format("{{{}}}", fmt::join(members, ","));
}

Hash128 hash(const Preprocessing& preprocessing) {
  const std::string text = to_json(preprocessing);
  return hash_bytes(std::as_bytes(std::span(text)));
}

}  // namespace zp
