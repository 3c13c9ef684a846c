// What the inputs of a model take, as far as the model and the user say.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "zeropoint/base/error.h"
#include "zeropoint/graph/data_type.h"
#include "zeropoint/graph/model.h"

namespace zp {

struct InputSpec {
  std::string name;
  DataType type = DataType::kUndefined;
  std::vector<int64_t> dims;  // -1: any size
  // The symbols of the dimensions ("batch"), "" where there is none; empty: no dimension has one.
  std::vector<std::string> dim_names = {};
  // false: the model does not even tell the rank, and arrays of any shape are fed.
  bool has_rank = true;
};

// "float [batch, 3, ?, 224]": a dimension of any size is its symbol or "?". "float" without rank.
std::string to_string(const InputSpec& input);
// "x", "y", "z": for messages.
std::string quoted_names(std::span<const InputSpec> inputs);

// The inputs that a run must be given, in the model's order: those that are no initializers. One
// that is no tensor (a sequence, an optional, a map) is an error that names it.
Result<std::vector<InputSpec>> input_specs(const Model& model);

// What the user says about sizes that the model leaves open.
struct ShapeChoices {
  std::map<std::string, std::vector<int64_t>> shapes;  // by input
  std::map<std::string, int64_t> dims;                 // by symbol
};

// "NAME:1x3x224x224"; the name may hold colons. An input named twice is an error.
Status add_input_shape(ShapeChoices& choices, std::string_view text);
// "SYMBOL=1". A symbol named twice is an error.
Status add_dim(ShapeChoices& choices, std::string_view text);

// Puts the choices into the inputs. Errors: a name or symbol that no input has, another number of
// dimensions, another size than the model's own.
Status settle_shapes(std::vector<InputSpec>& inputs, const ShapeChoices& choices);

}  // namespace zp
