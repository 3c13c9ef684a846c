#include "zeropoint/quantizer/recipe.h"

#include <fmt/format.h>
#include <chrono>
#include <unordered_map>

#include "zeropoint/passes/use_quick_gelu.h"
#include "zeropoint/quantizer/tune_weights.h"
#include "zeropoint/tuning/channel_scales.h"

namespace zp {
namespace {

// A Mul is worth its time only where the quantization noise it lessens is at least this near to the
// signal (docs/accuracy.md).
constexpr double kMulBelowDb = 33;

struct Candidate {
  PreparedModel prepared;
  Plan plan;
};

// Inputs of x * sigmoid(x) that come as codes and are not rescaled: behind a Mul the runtime makes
// one node of the two by itself.
std::vector<std::string> find_silu(const PreparedModel& prepared, const Plan& plan,
                                   const std::map<std::string, Range>& rescaled) {
  const auto& graph = prepared.model.graph();
  const GraphIndex index(graph);
  std::vector<std::string> inputs;
  for (const auto& activation : plan.activations) {
    const bool codes = activation.readers == Readers::kAll && !rescaled.contains(activation.tensor);
    if (codes && !silu_of(graph, index, activation.tensor).empty()) {
      inputs.push_back(activation.tensor);
    }
  }
  return inputs;
}

// What was said of the nodes of one graph, for those of the same names in another.
std::vector<Choice> choices_by_name(const std::vector<Choice>& choices,
                                    const onnx::GraphProto& before, const onnx::GraphProto& after) {
  std::unordered_map<std::string, Choice> by_name;
  for (size_t i = 0; i < choices.size(); ++i) {
    by_name.emplace(before.node(static_cast<int>(i)).name(), choices[i]);
  }
  std::vector<Choice> moved;
  for (const auto& node : after.node()) {
    const auto found = by_name.find(node.name());
    moved.push_back(found == by_name.end() ? Choice::kByRule : found->second);
  }
  return moved;
}

// The plan with channel scales, and x * sigmoid(x) as one node where the target has it; nothing
// where neither is worth it.
Result<std::optional<Candidate>> with_rewrites(const PreparedModel& prepared, const Plan& plain,
                                               const Observers& observers,
                                               const PlanOptions& options) {
  ZP_ASSIGN_OR_RETURN(const auto scales,
                      choose_channel_scales(prepared.model, prepared.values, plain, observers));
  PlanOptions changed = options;
  for (const auto& choice : scales) {
    if (choice.multiplications > 0 && choice.sqnr_db > kMulBelowDb) continue;
    auto& all = changed.rewrites.channel_scales;
    all.insert(all.end(), choice.tensors.begin(), choice.tensors.end());
    changed.rescaled_ranges.insert(choice.ranges.begin(), choice.ranges.end());
  }
  if (options.target->has_quick_gelu) {
    changed.rewrites.quick_gelu = find_silu(prepared, plain, changed.rescaled_ranges);
  }
  if (changed.rewrites.empty()) return std::nullopt;
  ZP_ASSIGN_OR_RETURN(PreparedModel after, rewritten(prepared, changed.rewrites));
  changed.choices = choices_by_name(options.choices, prepared.model.graph(), after.model.graph());
  ZP_ASSIGN_OR_RETURN(Plan plan, make_plan(after.model, after.values, observers, changed));
  return Candidate{std::move(after), std::move(plan)};
}

PreparedModel copy(const PreparedModel& prepared) {
  return {prepared.model.copy(), prepared.values, prepared.report,
          prepared.source_hash,  prepared.hash,   prepared.source_size};
}

class Cook {
 public:
  Cook(Candidate first, const CalibrationInputs& samples, SampleParts parts,
       const RunOptions& options)
      : best_(std::move(first)), samples_(samples), parts_(std::move(parts)), options_(options) {}

  const Candidate& best() const { return best_; }

  // The score of what there is before the first step.
  Status begin() {
    ZP_ASSIGN_OR_RETURN(error_, judge(best_));
    steps_.push_back({"plain", error_->score_db, 0, lap(), true});
    return {};
  }

  // Takes the candidate where it scores higher. `tolerance`, in dB, is what it may lose.
  Status offer(std::string name, Candidate candidate, double tolerance = 0) {
    ZP_ASSIGN_OR_RETURN(HeldBackError error, judge(candidate));
    const double gained = error.score_db - error_->score_db;
    const bool better = gained > -tolerance;
    steps_.push_back({std::move(name), error.score_db, gained, lap(), better});
    if (better) {
      best_ = std::move(candidate);
      error_ = std::move(error);
    }
    return {};
  }

  Result<Candidate> tuned(const Candidate& base, Corrects corrects) {
    TuningSamples tuning;
    tuning.numbers = parts_.fit;
    tuning.load = [this](int64_t i) -> Result<std::optional<SampleInputs>> {
      ZP_ASSIGN_OR_RETURN(auto sample, samples_.load(i));
      return std::move(sample.inputs);
    };
    tuning.threads = options_.threads;
    tuning.input_shapes = options_.input_shapes;
    tuning.progress = options_.progress;
    ZP_ASSIGN_OR_RETURN(Plan plan,
                        tune_weights(base.prepared, base.plan, tuning, {.corrects = corrects}));
    return Candidate{copy(base.prepared), std::move(plan)};
  }

  RecipeResult result() && {
    return {std::move(best_.prepared), std::move(best_.plan), std::move(steps_), std::move(error_)};
  }

 private:
  Result<HeldBackError> judge(const Candidate& candidate) {
    ZP_ASSIGN_OR_RETURN(const Model quantized, apply_plan(candidate.prepared, candidate.plan));
    return measure_held_back(candidate.prepared, quantized, samples_, parts_, options_);
  }
  double lap() {
    const auto now = std::chrono::steady_clock::now();
    return std::chrono::duration<double>(now - std::exchange(begin_, now)).count();
  }

  Candidate best_;
  const CalibrationInputs& samples_;
  SampleParts parts_;
  const RunOptions& options_;
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
  std::vector<RecipeStep> steps_;
  std::optional<HeldBackError> error_;
};

}  // namespace

Result<Recipe> parse_recipe(std::string_view text) {
  if (text == "fast") return Recipe::kFast;
  if (text == "balanced") return Recipe::kBalanced;
  if (text == "best") return Recipe::kBest;
  return invalid_argument(fmt::format("--recipe \"{}\": expected fast, balanced or best", text));
}

Result<RecipeResult> follow(Recipe recipe, PreparedModel prepared, const Observers& observers,
                            const PlanOptions& options, const CalibrationInputs* samples,
                            const RunOptions& run_options) {
  ZP_ASSIGN_OR_RETURN(Plan plain, make_plan(prepared.model, prepared.values, observers, options));
  ZP_ASSIGN_OR_RETURN(auto rewritten, with_rewrites(prepared, plain, observers, options));
  if (recipe == Recipe::kFast || !samples) {
    if (!rewritten) return RecipeResult{std::move(prepared), std::move(plain), {}, {}};
    return RecipeResult{std::move(rewritten->prepared), std::move(rewritten->plan), {}, {}};
  }
  ZP_ASSIGN_OR_RETURN(SampleParts parts, split_samples(*samples, run_options));
  const bool judged_by_others = parts.were_held_back;
  Cook cook({std::move(prepared), std::move(plain)}, *samples, std::move(parts), run_options);
  ZP_RETURN_IF_ERROR(cook.begin());
  if (rewritten) {
    // What only makes the model faster changes no more than the last bits.
    constexpr double kLastBits = 0.01;
    const bool scales = !rewritten->plan.rewrites.channel_scales.empty();
    ZP_RETURN_IF_ERROR(cook.offer(scales ? "channel scales" : "one node for x * sigmoid(x)",
                                  *std::move(rewritten), kLastBits));
  }
  // Tuned weights fit the samples that they were tuned on: without others nobody could tell.
  if (!judged_by_others) return std::move(cook).result();
  const Candidate base{copy(cook.best().prepared), cook.best().plan};
  ZP_ASSIGN_OR_RETURN(Candidate corrected, cook.tuned(base, Corrects::kInputsAsWell));
  ZP_RETURN_IF_ERROR(cook.offer("weights that correct their inputs", std::move(corrected)));
  if (recipe == Recipe::kBest) {
    ZP_ASSIGN_OR_RETURN(Candidate rounded, cook.tuned(base, Corrects::kRounding));
    ZP_RETURN_IF_ERROR(cook.offer("weights rounded together", std::move(rounded)));
  }
  return std::move(cook).result();
}

}  // namespace zp
