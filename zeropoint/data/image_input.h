// Pictures made into what an input of a model takes.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "zeropoint/base/error.h"
#include "zeropoint/data/image.h"
#include "zeropoint/data/input_spec.h"
#include "zeropoint/data/preprocessing.h"
#include "zeropoint/graph/tensor.h"

namespace zp {

// Everything that is to be done to a picture, settled for one input.
struct ImageInput {
  DataType type = DataType::kFloat;
  Channels channels = Channels::kRgb;
  ImageLayout layout = ImageLayout::kNchw;
  bool has_batch_axis = true;
  std::optional<std::variant<ImageSize, ShortSide>> resize;
  std::optional<ImageSize> crop;
  std::optional<Letterbox> letterbox;
  std::optional<int> width;  // of the input, where it is fixed
  std::optional<int> height;
  // What each pixel value is fed as, by channel as fed; for an input of uint8 itself.
  std::vector<std::array<float, 256>> values;

  int channel_count() const { return channels == Channels::kGray ? 1 : 3; }
};

// Fills in what the user did not say, out of the input:
//   layout     rank 4: nchw where dimension 1 is 1 or 3, otherwise nhwc where dimension 3 is;
//              rank 3 the same without the batch
//   channels   gray for 1 channel, rgb for 3
//   size       resize to the input's height and width, where both are fixed and no resize, crop or
//              letterbox is given
// Pictures feed inputs of float, double, float16, bfloat16, and uint8 without scale, mean and std.
// Errors name the input: another rank or type, a layout that cannot be told, channels or a size
// that do not fit, values beyond the type, and those of check_preprocessing.
Result<ImageInput> plan_image_input(const Preprocessing& preprocessing, const InputSpec& input);

// The picture as fed: [1, channels, height, width] or as layout and rank say. Errors do not name
// the file: a size that does not come out as the input's, a crop larger than the picture.
Result<Tensor> feed_image(Image image, const ImageInput& input);

// One line for the user: "resized to 224x224, rgb, nchw, values 0 to 255".
std::string describe(const ImageInput& input);

}  // namespace zp
