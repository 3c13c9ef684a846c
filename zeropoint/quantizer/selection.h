// Which nodes a user means: patterns over node names and operator types.
#pragma once

#include <string>
#include <vector>

#include "zeropoint/base/error.h"
#include "zeropoint/graph/proto.h"

namespace zp {

// A pattern matches
//
//   "op:GLOB"  the nodes whose operator type matches GLOB
//   "GLOB"     the nodes whose name matches GLOB, and those whose operator type is exactly this
//   text
//
// In a GLOB * stands for any characters, none included, and ? for exactly one; upper and lower case
// differ. A node without a name goes by the name of its first output, as in messages. The nodes
// inside the bodies of If, Loop and Scan count like all others.
class Selection {
 public:
  // Every node.
  Selection() = default;
  // The nodes that a pattern of `include` matches (all, where that is empty) and none of `exclude`
  // does. A pattern that matches no node of the model is an error that says so and names the
  // nearest names.
  static Result<Selection> make(const onnx::GraphProto& graph, std::vector<std::string> include,
                                std::vector<std::string> exclude);

  bool contains(const onnx::NodeProto& node) const;

 private:
  std::vector<std::string> include_;
  std::vector<std::string> exclude_;
};

// Whether the pattern, as above, matches the node.
bool matches(const std::string& pattern, const onnx::NodeProto& node);

}  // namespace zp
