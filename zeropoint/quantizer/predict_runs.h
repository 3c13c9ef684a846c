// What the runtime will make of a planned model.
#pragma once

#include "zeropoint/base/error.h"
#include "zeropoint/graph/model.h"
#include "zeropoint/plan/plan.h"

namespace zp {

// Fills NodePlan::runs of every node, by applying the plan to a copy of the prepared model and
// predicting the result (targets/fusion.h); nothing stays there for a target whose runtime was not
// measured. Errors: those of apply() and predict_fusion(), and an unknown target.
Status predict_runs(const Model& prepared, Plan& plan);

}  // namespace zp
