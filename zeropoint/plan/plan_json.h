// Plans as JSON that a person can read and edit.
#pragma once

#include <string>
#include <string_view>

#include "zeropoint/base/error.h"
#include "zeropoint/plan/plan.h"

namespace zp {

enum class PlanDetail {
  kWhole,
  // Without scales, zero points and corrections of weights, which the model has, and without what
  // it is predicted to run as, which follows from the model.
  kWithoutChannels,
};

// The same plan always gives the same text; floats are written so that reading gives them back.
std::string to_json(const Plan& plan, PlanDetail detail = PlanDetail::kWhole);

// The plan that the text describes. Errors say where: text that is no JSON; a newer version; a key
// that is missing, unknown or of the wrong kind; parameters that have no meaning.
Result<Plan> parse_plan(std::string_view text);

}  // namespace zp
