// Second moments of many nodes' inputs, gathered while the model runs on samples.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "zeropoint/base/error.h"
#include "zeropoint/base/progress.h"
#include "zeropoint/evaluate/measure.h"
#include "zeropoint/graph/model.h"
#include "zeropoint/plan/plan.h"
#include "zeropoint/tuning/second_moments.h"

namespace zp {

// One weighted node whose input is looked at.
struct GatherTask {
  std::string node;
  InputCodes codes;  // of its first input
};

// The nodes that the plan quantizes and input_rows.h knows (Conv, Gemm, MatMul with weights of two
// dimensions), in the order of the graph, with the codes of their inputs.
std::vector<GatherTask> gather_tasks(const Model& prepared, const Plan& plan);

struct GatherOptions {
  int threads = 0;                  // 0: as many as there are processors
  int64_t rows = 12000;             // of each node over all samples, about
  int64_t least_rows = 16;          // of each node in a sample
  size_t memory = size_t{1} << 30;  // bytes for the sums; more where one node takes more
  std::map<std::string, std::vector<int64_t>> input_shapes = {};  // by input name
  ProgressCallback progress = nullptr;
};

// Takes the moments of one task's node. Called once for each task, from several threads at once for
// different ones.
using TakeMoments = std::function<Status(size_t task, const SecondMoments& moments)>;

// Runs `model`, as float (evaluate/simulated_model.h makes such a one of a quantized model; its
// nodes have the names of the prepared model's), on these samples and sums the moments of what the
// tasks' nodes read. With `reference`, the float model beside it on the same samples, the sums of
// MomentsKind::kWithFloatInput are taken too; the names of its nodes are the same. To correct many
// nodes by those, take them in order (in_order.h).
//
// Of a sample, rows are chosen evenly, from where its content says; so the result does not depend
// on the number of threads or on the order of the samples, and parts with the same number of rows a
// sample merge into the whole. Where the sums of all nodes do not fit into options.memory there are
// several passes over the samples, each of which ends with `take` of its nodes.
//
// Errors: a node that is not there, has no constant weights or reads values other than its codes;
// those of input_rows.h; of the samples and runs (that of the lowest sample); of `take`;
// cancelling.
Status gather_moments(const Model& model, const Model* reference, std::span<const GatherTask> tasks,
                      std::span<const int64_t> samples, const LoadSample& load,
                      const TakeMoments& take, const GatherOptions& options = {});

}  // namespace zp
