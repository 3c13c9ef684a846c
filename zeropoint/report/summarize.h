// The report of a static quantization, from what its steps left behind.
#pragma once

#include "zeropoint/plan/plan.h"
#include "zeropoint/quantizer/static_quantizer.h"
#include "zeropoint/report/quantize_report.h"

namespace zp {

// Fills in what follows from the plan: target, preparation, counts, multiply-accumulates, nodes in
// float and, where there are statistics, how the ranges are used.
// `inputs`: the sizes of one sample, for counting what the model leaves open.
void summarize(const PreparedModel& prepared, const Plan& plan,
               const CalibrationStatistics* statistics, const InputDims& inputs,
               QuantizeReport& report);

// Fills in what the finished model's outputs lost.
void add_errors(const HeldBackError& error, QuantizeReport& report);

// What the exact passes did, a line each.
std::vector<std::string> describe(const PrepareReport& report);

}  // namespace zp
