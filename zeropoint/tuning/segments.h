// A model cut into parts that run one after the other, so that each weighted node can be changed
// once its input is known and before its output is needed.
#pragma once

#include <cstddef>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "zeropoint/base/error.h"
#include "zeropoint/graph/model.h"
#include "zeropoint/graph/values.h"

namespace zp {

// One part. First its nodes run; then what `ready` reads is known.
struct Segment {
  std::vector<int> nodes;            // of the model's graph, in an order in which they can run
  std::vector<std::string> inputs;   // values from before, model inputs included
  std::vector<std::string> outputs;  // values that a later part or a node of `ready` reads
  // Numbers of the chosen nodes that can be changed now: none of them depends on another, and they
  // run in a later part.
  std::vector<size_t> ready;
};

// The parts for these nodes of the main graph, by name: as few as there are of them on a path.
// What none of them depends on is in no part; nodes that depend on no input of the model are in no
// list but belong to every part. Errors: a node that is not there, a graph with a cycle.
Result<std::vector<Segment>> segments_of(const Model& model, std::span<const std::string> chosen);

// The part as a model: its inputs have these types and sizes (-1: open), by name; where an output's
// type is not in `values` it is float.
struct SegmentInput {
  std::string name;
  ValueInfo info;
};
Result<Model> model_of(const Model& model, const Segment& segment,
                       std::span<const SegmentInput> inputs, const ValueInfos& values);

}  // namespace zp
