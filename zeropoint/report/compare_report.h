// What `zeropoint compare` has to say, for people and for programs.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "zeropoint/engine/engine.h"
#include "zeropoint/evaluate/compare.h"

namespace zp {

struct ComparedFile {
  std::string path;
  size_t size = 0;  // with its external data
};

struct CompareReport {
  ComparedFile reference;
  ComparedFile quantized;
  std::vector<std::string> notes;                       // about models and samples, a line each
  ExecutionMode quantized_mode = ExecutionMode::kInt8;  // that the outputs come from
  std::string engine;                                   // its name and version
  std::string instructions;  // this processor's for products of 8-bit integers
  Comparison comparison;
};

// A page for the terminal.
std::string to_text(const CompareReport& report);

// One object, indented, with a newline at its end. The keys are an interface: they are added to,
// never renamed.
//
//   float, quantized    {path, bytes}
//   notes               a list of texts
//   execution           of the quantized model: "int8" or "as_written"
//   as_written          what was run for the quantized model as it is written: null (nothing),
//                       "simulated" (in float operators that round alike) or "engine" (by OpenVINO,
//                       where that cannot be done)
//   engine              name and version
//   int8_instructions   of this processor
//   samples             runs of the models that were compared
//   skipped             a list: why samples were left out
//   outputs             a list of
//     name, kind          kind: "float", or "other" for what is compared for equality
//     sqnr_db             signal to quantization noise; null for "other"
//     finite_sqnr_db      the same over elements that are finite in both
//     cosine, max_abs_difference
//     equal_share         for "other"; null for "float"
//     elements            compared, over all samples
//     destroyed           elements that are not finite in one of the two, or not the same way
//     equal_not_finite    elements that are the same infinity or NaN in both
//     shape_mismatches    samples of different shapes, which are in no other number
//     worst_sample        {name, index, sqnr_db or equal_share}, or null
//   tensors             null, or {unmatched, list}: inner tensors of the float model that the
//                       quantized one does not have, and a list as of outputs, each with
//     quantized_name      the name there
//     op_type             of the node that makes it in the float model
//   classification      null, or
//     output, samples, classes
//     float, quantized    {top1, top5}: shares of right answers; top5 null for 5 classes or fewer
//     agreement           the share of samples where both say the same
//     only_float_right, only_quantized_right   samples, by top-1
//     difference          of the top-1 shares, quantized minus float
//     interval_95         [low, high] of that difference
//     interval_method     how it is computed
//     mcnemar_p           the exact two-sided test's probability
//   latency             null, or
//     threads, turns, runs_a_turn
//     float_ms, quantized_ms, speedup   {median, low, high}: low and high are the quartiles
//
// JSON has no infinities and no NaN: in their place stand the strings "inf", "-inf", "nan".
std::string to_json(const CompareReport& report);

}  // namespace zp
