// Weighted nodes changed one after the other, each on what the nodes before it, as changed, hand to
// it.
//
// What makes up for the error of a node's input (error_correction.h, a bias that takes up the mean
// error of the input) has to see the network as it will be: if every node did so at once, each
// would make up again for what the nodes before it have made up for already. gather_moments
// (gather.h) is for methods that only look at a node's own error.
#pragma once

#include <span>

#include "zeropoint/base/error.h"
#include "zeropoint/evaluate/measure.h"
#include "zeropoint/graph/model.h"
#include "zeropoint/graph/values.h"
#include "zeropoint/plan/plan.h"
#include "zeropoint/tuning/gather.h"

namespace zp {

// Runs the prepared model and its quantized form side by side, in parts (segments.h): before a part
// runs, `take` got the moments (MomentsKind::kWithFloatInput) of the tasks' nodes in it, from the
// network as `plan` says up to there, and may have changed their entries in `plan`. Each model runs
// once in all over each sample. `values` are those of `prepared`; plan.activations stay as they
// are.
//
// The values at the cuts are kept for all samples. Where they take more than options.memory, the
// last samples are left out from there on. The result is the same for any number of threads, but
// depends on the order of the samples where some are left out.
//
// Errors: those of gather_moments, of segments.h and of apply().
Status gather_in_order(const Model& prepared, const ValueInfos& values, const Plan& plan,
                       std::span<const GatherTask> tasks, std::span<const int64_t> samples,
                       const LoadSample& load, const TakeMoments& take,
                       const GatherOptions& options = {});

}  // namespace zp
