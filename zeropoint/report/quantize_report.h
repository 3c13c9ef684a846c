// What a quantization did and what it cost, for people and for programs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "zeropoint/quantizer/range_use.h"
#include "zeropoint/quantizer/recipe.h"

namespace zp {

struct FloatNode {
  std::string node;
  std::string op_type;
  std::string reason;
  int64_t macs = 0;  // multiply-accumulates, where it has some
};

struct RangeNote {
  std::string tensor;
  RangeUse use;
};

struct OutputNote {
  std::string output;
  double sqnr_db = 0;
};

struct QuantizeReport {
  std::string model;
  std::string output;
  std::string target;
  bool is_run_in_tests = true;  // false: "rules checked, not run"
  std::string mode = "static";  // "dynamic", "weights"; "plan": nothing was written but a plan
  std::vector<std::string> prepared;  // what the exact passes did, a line each
  std::vector<std::string> notes;     // about samples, skipped files and the like, a line each

  int64_t samples = 0;
  int64_t samples_held_back = 0;
  int64_t samples_skipped = 0;

  int64_t tensors_quantized = 0;
  int64_t nodes_quantized = 0;
  int64_t nodes = 0;
  // Of Conv, ConvTranspose, Gemm and MatMul against weights, for one sample.
  int64_t macs = 0;
  int64_t macs_quantized = 0;
  int64_t macs_unknown = 0;         // such nodes that are not counted: nothing tells their sizes
  std::vector<FloatNode> in_float;  // nodes with multiply-accumulates first, the largest first
  // Quantized nodes that the runtime is predicted to compute in float all the same, in that order,
  // and the multiply-accumulates against weights that it computes in int8; nothing where its
  // behaviour was not measured.
  std::vector<FloatNode> not_in_integers;
  std::optional<int64_t> macs_run_in_int8;
  std::vector<RangeNote> wasteful;    // activations that nearly all share few codes of
  std::vector<RangeNote> saturating;  // activations of which many values are cut off
  // Activations of which many values are cut off that their readers make 0: no loss.
  std::vector<RangeNote> flattened;

  size_t size_before = 0;
  size_t size_after = 0;

  // Nothing where no sample judged the model.
  std::optional<int64_t> judging_samples;
  bool were_held_back = true;
  std::vector<OutputNote> output_errors;

  // What each step of the recipe gained on the samples that it had not seen.
  std::vector<RecipeStep> steps;

  std::vector<std::pair<std::string, double>> seconds;  // by step, in order

  double lowest_sqnr_db() const;
};

// A page for the terminal: at most `most` entries of each list, and how many more there are. Nodes
// in float of one operator with one reason are one entry.
std::string to_text(const QuantizeReport& report, size_t most = 5);
// One JSON object with everything.
std::string to_json(const QuantizeReport& report);

}  // namespace zp
