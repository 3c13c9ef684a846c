// Which layer may include which: reads the table of tests/layers.txt and checks sources against it.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "zeropoint/base/error.h"

namespace zp {

// The level of each layer, counted from 0 at the lowest; neighbours have the same level.
using LayerTable = std::map<std::string, int, std::less<>>;

// One level a line, its layers separated by spaces; "#" begins a comment. A layer that is listed
// twice is an error.
Result<LayerTable> parse_layers(std::string_view text);

// What is wrong with the includes of one source, each as "PATH:LINE: what"; empty when nothing is.
// path is from the root of the project, "zeropoint/base/error.h". Checked are:
// - the project's own headers are included in quotes and from the root, others in angle brackets;
// - a source of a layer includes its own layer and lower ones;
// - only tests (name_test.cc, and everything in tests/) include from tests/.
// bench/, tests/ and other folders that are no layer may include every layer.
std::vector<std::string> check_includes(const LayerTable& layers, std::string_view path,
                                        std::string_view source);

}  // namespace zp
