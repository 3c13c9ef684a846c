// How a plan comes about: by rules first, then improved, step by step, as far as samples that no
// step has seen confirm it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "zeropoint/base/error.h"
#include "zeropoint/quantizer/activation_params.h"
#include "zeropoint/quantizer/planner.h"
#include "zeropoint/quantizer/prepared_model.h"
#include "zeropoint/quantizer/static_quantizer.h"

namespace zp {

enum class Recipe {
  kFast,      // good ranges, and channel scales (tuning/channel_scales.h); needs no more than the
              // observers
  kBalanced,  // also weights and biases tuned in the order of the graph (tune_weights.h)
  kBest,      // in both ways that there are, the better one kept
};

// "fast", "balanced" or "best".
Result<Recipe> parse_recipe(std::string_view text);

// A step and what it did to HeldBackError::score_db.
struct RecipeStep {
  std::string name;
  double score_db = 0;   // with it
  double gained_db = 0;  // over what there was before; 0 of the first
  double seconds = 0;    // that it took, judging included
  bool kept = true;
};

// A plan, the model that it speaks of, and how they came about.
struct RecipeResult {
  PreparedModel prepared;
  Plan plan;
  std::vector<RecipeStep> steps;       // none where nothing was judged
  std::optional<HeldBackError> error;  // of the plan, where something was judged
};

// `samples` may be nullptr: then it is Recipe::kFast whatever `recipe` says, and nothing is judged.
// A step that does not raise the score is taken back. The same for any number of threads.
Result<RecipeResult> follow(Recipe recipe, PreparedModel prepared, const Observers& observers,
                            const PlanOptions& options, const CalibrationInputs* samples,
                            const RunOptions& run_options);

}  // namespace zp
