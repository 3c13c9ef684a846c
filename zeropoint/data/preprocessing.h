// How pictures become inputs: what the user says, in options or in a file beside the model.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "zeropoint/base/error.h"
#include "zeropoint/base/hash.h"
#include "zeropoint/data/image_transform.h"

namespace zp {

enum class ImageLayout { kNchw, kNhwc };

struct ShortSide {
  int length = 0;
  friend bool operator==(const ShortSide&, const ShortSide&) = default;
};

struct Letterbox {
  ImageSize size;
  int fill = 114;  // 0 to 255, in all channels
  Placement placement = Placement::kTopLeft;
  friend bool operator==(const Letterbox&, const Letterbox&) = default;
};

// Applied in this order; what is not given is left out or follows from the model's input
// (image_input.h):
//   channels   gray, RGB or BGR
//   resize     to a size, or the short side to a length     (or letterbox, which does both)
//   crop       the middle
//   values     (pixel * scale - mean) / std, in float32, pixel from 0 to 255; mean and std one for
//              all channels or one for each, in the order in which the channels are fed
//   layout
struct Preprocessing {
  std::optional<std::variant<ImageSize, ShortSide>> resize;
  std::optional<ImageSize> crop;
  std::optional<Letterbox> letterbox;
  std::optional<float> scale;
  std::vector<float> mean;
  std::vector<float> std;
  std::optional<Channels> channels;
  std::optional<ImageLayout> layout;
  friend bool operator==(const Preprocessing&, const Preprocessing&) = default;
};

// Sets one member out of text, as the command's options and the file's keys have it:
//   resize     "224x224" (width x height), "short:256"
//   crop       "224x224"
//   letterbox  "416x416", "416x416:114", "416x416:114:center"
//   scale      "0.5", "1/255"
//   mean, std  "127.5", ".485,.456,.406"
//   channels   "rgb", "bgr", "gray"
//   layout     "nchw", "nhwc"
// Errors name the key and say what is expected; an unknown key is one that lists those there are.
Status set_preprocessing(Preprocessing& preprocessing, std::string_view key, std::string_view text);

// What set_preprocessing cannot see: letterbox together with resize or crop, a std of 0, a number
// of mean or std values that is neither 1 nor 3.
Status check_preprocessing(const Preprocessing& preprocessing);

// As JSON on one line, "{}" for none: only what is set, in the order of the alphabet, each number
// in its shortest form. Equal preprocessing gives equal text, and it is a file that
// read_preprocessing reads.
std::string to_json(const Preprocessing& preprocessing);
// Of that text: tells whether statistics were made with the same preprocessing.
Hash128 hash(const Preprocessing& preprocessing);

std::string_view name(Channels channels);
std::string_view name(ImageLayout layout);

// A file of YAML or JSON with the keys of set_preprocessing, mean and std as lists as well:
//
//   resize: short:256
//   crop: 224x224
//   scale: 1/255
//   mean: [0.485, 0.456, 0.406]
//   std: [0.229, 0.224, 0.225]
//
// Checked as check_preprocessing does. Errors name the file and the key.
Result<Preprocessing> read_preprocessing(const std::filesystem::path& path);

// The file beside the model: for dir/net.onnx, dir/net.preprocess.yaml or .yml or .json, or
// dir/net.onnx.preprocess.yaml and so on. Nothing where there is none; an error where there are
// several.
Result<std::optional<std::filesystem::path>> find_preprocess_file(
    const std::filesystem::path& model);

}  // namespace zp
