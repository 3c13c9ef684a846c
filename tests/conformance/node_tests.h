// ONNX's node tests as folders of files, and running one of them.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "zeropoint/numerics/onnx_tensor.h"

namespace zp::conformance {

struct ListedTest {
  std::string name;
  std::string not_run;  // why not; empty for one that runs
};

// The lines of a list file: a name, then possibly why that test is not run. # begins a comment.
std::vector<ListedTest> read_list(const std::filesystem::path& file);

// Runs every data set of the test in `folder` (model.onnx, test_data_set_N/input_M.pb and
// output_M.pb). What is wrong with the first output that differs, or empty.
std::string run_node_test(const std::filesystem::path& folder);

// How two tensors differ, or empty: in type, in shape, or in the bits of an element, where only one
// NaN may stand for another.
std::string difference(const OnnxTensor& actual, const OnnxTensor& expected);

}  // namespace zp::conformance
