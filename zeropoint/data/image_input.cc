#include "zeropoint/data/image_input.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <span>

#include "zeropoint/numerics/small_float.h"

namespace zp {
namespace {

// Where the input's dimensions stand.
struct Axes {
  size_t channel = 0;
  size_t height = 0;
  size_t width = 0;
};

Axes axes_of(ImageLayout layout, size_t rank) {
  const size_t first = rank - 3;
  if (layout == ImageLayout::kNchw) return {first, first + 1, first + 2};
  return {first + 2, first, first + 1};
}

bool is_channel_count(int64_t dim) { return dim == 1 || dim == 3; }

Result<ImageLayout> layout_of(const Preprocessing& preprocessing, const InputSpec& input) {
  if (preprocessing.layout) return *preprocessing.layout;
  for (const ImageLayout layout : {ImageLayout::kNchw, ImageLayout::kNhwc}) {
    const Axes axes = axes_of(layout, input.dims.size());
    if (is_channel_count(input.dims[axes.channel])) return layout;
  }
  return invalid_argument("neither dimension is 1 or 3 channels; say --layout nchw or nhwc");
}

Result<Channels> channels_of(const Preprocessing& preprocessing, int64_t dim) {
  const Channels channels =
      preprocessing.channels.value_or(dim == 1 ? Channels::kGray : Channels::kRgb);
  const int count = channels == Channels::kGray ? 1 : 3;
  if (dim >= 0 && dim != count) {
    return invalid_argument(
        fmt::format("takes {} channels, {} are {}", dim, name(channels), count));
  }
  return channels;
}

// The size that pictures come out with, where it does not depend on them.
std::optional<ImageSize> final_size(const ImageInput& plan) {
  if (plan.letterbox) return plan.letterbox->size;
  if (plan.crop) return plan.crop;
  if (plan.resize && std::holds_alternative<ImageSize>(*plan.resize)) {
    return std::get<ImageSize>(*plan.resize);
  }
  return std::nullopt;
}

Status check_final_size(const ImageInput& plan, ImageSize size) {
  if (plan.width.value_or(size.width) == size.width &&
      plan.height.value_or(size.height) == size.height) {
    return {};
  }
  const auto side = [](std::optional<int> fixed) {
    return fixed ? std::to_string(*fixed) : std::string("?");
  };
  return invalid_argument(fmt::format("takes pictures of {}x{}, but they come out as {}x{}",
                                      side(plan.width), side(plan.height), size.width,
                                      size.height));
}

float per_channel(const std::vector<float>& list, size_t channel, float otherwise) {
  if (list.empty()) return otherwise;
  return list.size() == 1 ? list[0] : list[channel];
}

bool is_finite_as(DataType type, float value) {
  if (type == DataType::kFloat16) return std::isfinite(round_to(kFloat16, value));
  if (type == DataType::kBfloat16) return std::isfinite(round_to(kBfloat16, value));
  return std::isfinite(value);
}

Result<std::vector<std::array<float, 256>>> values_of(const Preprocessing& preprocessing,
                                                      const ImageInput& plan) {
  const auto channels = static_cast<size_t>(plan.channel_count());
  for (const auto* list : {&preprocessing.mean, &preprocessing.std}) {
    if (list->size() > 1 && list->size() != channels) {
      return invalid_argument(fmt::format("has {} channels, but {} values of mean or std are given",
                                          channels, list->size()));
    }
  }
  const float scale = preprocessing.scale.value_or(1.0F);
  std::vector<std::array<float, 256>> values(channels);
  for (size_t c = 0; c < channels; ++c) {
    const float mean = per_channel(preprocessing.mean, c, 0.0F);
    const float std = per_channel(preprocessing.std, c, 1.0F);
    for (size_t pixel = 0; pixel < 256; ++pixel) {
      const float value = (static_cast<float>(pixel) * scale - mean) / std;
      if (!is_finite_as(plan.type, value)) {
        return invalid_argument(
            fmt::format("scale, mean and std make {} of the pixel value {}, beyond {}", value,
                        pixel, name(plan.type)));
      }
      values[c][pixel] = value;
    }
  }
  return values;
}

Status check_type(const Preprocessing& preprocessing, DataType type) {
  switch (type) {
    case DataType::kFloat:
    case DataType::kDouble:
    case DataType::kFloat16:
    case DataType::kBfloat16:
      return {};
    case DataType::kUint8:
      if (!preprocessing.scale && preprocessing.mean.empty() && preprocessing.std.empty()) {
        return {};
      }
      return invalid_argument("takes uint8, pixels as they are: scale, mean and std do not apply");
    default:
      return invalid_argument(
          fmt::format("takes {}; pictures feed inputs of floats and of uint8", name(type)));
  }
}

Result<ImageInput> plan(const Preprocessing& preprocessing, const InputSpec& input) {
  ZP_RETURN_IF_ERROR(check_type(preprocessing, input.type));
  const size_t rank = input.dims.size();
  if (!input.has_rank || (rank != 3 && rank != 4)) {
    return invalid_argument(
        fmt::format("takes {}; pictures feed inputs of rank 4, or 3 without a batch; give arrays",
                    to_string(input)));
  }
  ImageInput result;
  result.type = input.type;
  result.has_batch_axis = rank == 4;
  ZP_ASSIGN_OR_RETURN(result.layout, layout_of(preprocessing, input));
  const Axes axes = axes_of(result.layout, rank);
  ZP_ASSIGN_OR_RETURN(result.channels, channels_of(preprocessing, input.dims[axes.channel]));
  const int64_t width = input.dims[axes.width];
  const int64_t height = input.dims[axes.height];
  ZP_RETURN_IF_ERROR(check_size(width < 0 ? 1 : width, height < 0 ? 1 : height));
  if (width >= 0) result.width = static_cast<int>(width);
  if (height >= 0) result.height = static_cast<int>(height);

  result.resize = preprocessing.resize;
  result.crop = preprocessing.crop;
  result.letterbox = preprocessing.letterbox;
  if (!result.resize && !result.crop && !result.letterbox && result.width && result.height) {
    result.resize = ImageSize{*result.width, *result.height};
  }
  if (const auto size = final_size(result)) ZP_RETURN_IF_ERROR(check_final_size(result, *size));
  ZP_ASSIGN_OR_RETURN(result.values, values_of(preprocessing, result));
  return result;
}

Result<Image> transformed(Image image, const ImageInput& input) {
  image = with_channels(std::move(image), input.channels);
  if (input.letterbox) {
    const Letterbox& box = *input.letterbox;
    return letterbox(image, box.size, static_cast<uint8_t>(box.fill), box.placement);
  }
  if (input.resize) {
    ImageSize size;
    if (const auto* side = std::get_if<ShortSide>(&*input.resize)) {
      ZP_ASSIGN_OR_RETURN(size, short_side_size(image.size, side->length));
    } else {
      size = std::get<ImageSize>(*input.resize);
    }
    ZP_ASSIGN_OR_RETURN(image, resize_bilinear(image, size));
  }
  if (input.crop) {
    ZP_ASSIGN_OR_RETURN(image, crop_center(image, *input.crop));
  }
  return image;
}

template <class T>
void store(T* to, float value) {
  *to = static_cast<T>(value);
}
void store_float16(uint16_t* to, float value) {
  *to = static_cast<uint16_t>(encode(kFloat16, value, Overflow::kToInfinity));
}
void store_bfloat16(uint16_t* to, float value) {
  *to = static_cast<uint16_t>(encode(kBfloat16, value, Overflow::kToInfinity));
}

// Writes each pixel's value, in the order of the layout.
template <class T>
void fill(const Image& image, const ImageInput& input, std::span<T> to, void (*put)(T*, float)) {
  const size_t channels = input.values.size();
  const size_t pixels = image.pixels.size() / channels;
  for (size_t c = 0; c < channels; ++c) {
    const bool planes = input.layout == ImageLayout::kNchw;
    std::array<T, 256> values;
    for (size_t i = 0; i < 256; ++i) put(&values[i], input.values[c][i]);
    T* target = planes ? &to[c * pixels] : &to[c];
    const size_t step = planes ? 1 : channels;
    for (size_t i = 0; i < pixels; ++i) target[i * step] = values[image.pixels[i * channels + c]];
  }
}

void fill_tensor(const Image& image, const ImageInput& input, Tensor& tensor) {
  std::byte* bytes = tensor.bytes().data();
  const auto count = static_cast<size_t>(tensor.size());
  const std::span<uint16_t> codes(reinterpret_cast<uint16_t*>(bytes), count);
  switch (input.type) {
    case DataType::kDouble:
      return fill<double>(image, input, tensor.as<double>(), store<double>);
    case DataType::kFloat16:
      return fill<uint16_t>(image, input, codes, store_float16);
    case DataType::kBfloat16:
      return fill<uint16_t>(image, input, codes, store_bfloat16);
    case DataType::kUint8:
      return fill<uint8_t>(image, input, tensor.as<uint8_t>(), store<uint8_t>);
    default:
      return fill<float>(image, input, tensor.as<float>(), store<float>);
  }
}

}  // namespace

Result<ImageInput> plan_image_input(const Preprocessing& preprocessing, const InputSpec& input) {
  ZP_RETURN_IF_ERROR(check_preprocessing(preprocessing));
  auto result = plan(preprocessing, input);
  if (!result) {
    return tl::unexpected<Error>(
        std::move(result).error().at(fmt::format("input \"{}\"", input.name)));
  }
  return result;
}

Result<Tensor> feed_image(Image image, const ImageInput& input) {
  ZP_ASSIGN_OR_RETURN(image, transformed(std::move(image), input));
  ZP_RETURN_IF_ERROR(check_final_size(input, image.size));
  std::vector<int64_t> dims(input.has_batch_axis ? 4 : 3, 1);
  const Axes axes = axes_of(input.layout, dims.size());
  dims[axes.channel] = image.channels;
  dims[axes.height] = image.size.height;
  dims[axes.width] = image.size.width;
  ZP_ASSIGN_OR_RETURN(Shape shape, Shape::make(std::move(dims)));
  ZP_ASSIGN_OR_RETURN(Tensor tensor, Tensor::zeros(input.type, std::move(shape)));
  fill_tensor(image, input, tensor);
  return tensor;
}

std::string describe(const ImageInput& input) {
  std::string text;
  if (input.letterbox) {
    text += fmt::format("letterboxed to {}x{}, ", input.letterbox->size.width,
                        input.letterbox->size.height);
  }
  if (input.resize) {
    if (const auto* side = std::get_if<ShortSide>(&*input.resize)) {
      text += fmt::format("short side resized to {}, ", side->length);
    } else {
      const ImageSize size = std::get<ImageSize>(*input.resize);
      text += fmt::format("resized to {}x{}, ", size.width, size.height);
    }
  }
  if (input.crop) text += fmt::format("cropped to {}x{}, ", input.crop->width, input.crop->height);
  float least = std::numeric_limits<float>::infinity();
  float most = -least;
  for (const auto& values : input.values) {
    least = std::min({least, values.front(), values.back()});
    most = std::max({most, values.front(), values.back()});
  }
  return text + fmt::format("{}, {}, values {:.4g} to {:.4g}", name(input.channels),
                            name(input.layout), least, most);
}

}  // namespace zp
