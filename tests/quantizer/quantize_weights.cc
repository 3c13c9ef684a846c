// quantize_weights MODEL OUT [KEY=VALUE ...]: a model with its weights quantized, and the report as
// JSON. With mode=dynamic activations too; keys then: weights (int8, uint8), per_tensor (yes),
// pairs (none), and include, exclude, min, prepare as below. Otherwise: bits, block, scheme
// (symmetric, affine), form (dequantize, nbits), compute (int8, float), include, exclude (each as
// often as wanted), min, prepare (no, yes: brings the model into the form and operator set that it
// needs first).
#include <sys/resource.h>

#include <fmt/format.h>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "zeropoint/graph/check.h"
#include "zeropoint/passes/prepare.h"
#include "zeropoint/quantizer/dynamic.h"
#include "zeropoint/quantizer/weight_only.h"

namespace {

using zp::Result;
using zp::Status;

struct Request {
  std::string model, out;
  zp::WeightOnlyOptions options;
  zp::DynamicOptions dynamic;
  std::vector<std::string> include, exclude;
  bool prepare = false;
  bool is_dynamic = false;
};

Status set(Request& request, const std::string& key, const std::string& value) {
  auto& options = request.options;
  if (key == "bits") {
    options.bits = std::atoi(value.c_str());
  } else if (key == "block") {
    options.block_size = std::atoll(value.c_str());
  } else if (key == "min") {
    options.min_elements = request.dynamic.min_elements = std::atoll(value.c_str());
  } else if (key == "mode") {
    request.is_dynamic = value == "dynamic";
  } else if (key == "weights") {
    ZP_ASSIGN_OR_RETURN(request.dynamic.weights, zp::IntType::parse(value));
  } else if (key == "per_tensor") {
    request.dynamic.per_channel = value != "yes";
  } else if (key == "pairs") {
    request.dynamic.pairs = value == "none" ? zp::PairSafety::kNone : zp::PairSafety::kHeld;
  } else if (key == "scheme") {
    ZP_ASSIGN_OR_RETURN(options.scheme, zp::parse_scheme(value));
  } else if (key == "form") {
    options.form =
        value == "nbits" ? zp::WeightForm::kMatMulNBits : zp::WeightForm::kDequantizeLinear;
  } else if (key == "compute") {
    options.compute = value == "float" ? zp::WeightOnlyOptions::Compute::kFloat
                                       : zp::WeightOnlyOptions::Compute::kInt8;
  } else if (key == "prepare") {
    request.prepare = value == "yes";
  } else if (key == "include") {
    request.include.push_back(value);
  } else if (key == "exclude") {
    request.exclude.push_back(value);
  } else {
    return zp::invalid_argument("unknown key " + key);
  }
  return {};
}

Status prepare_for(zp::Model& model, int64_t opset) {
  zp::PrepareOptions options;
  options.min_opset = opset;
  return zp::prepare(model, options).map([](const auto&) {});
}

Result<nlohmann::json> run_dynamic(Request& request, zp::Model& model) {
  if (request.prepare) ZP_RETURN_IF_ERROR(prepare_for(model, zp::kDynamicOpset));
  ZP_ASSIGN_OR_RETURN(const auto report, zp::quantize_dynamic(model, request.dynamic));
  ZP_RETURN_IF_ERROR(zp::check_with_onnx(model));
  ZP_RETURN_IF_ERROR(model.save(request.out));
  nlohmann::json json{{"bytes_before", report.bytes_before},
                      {"bytes_after", report.bytes_after},
                      {"quantized", nlohmann::json::object()},
                      {"left", nlohmann::json::object()}};
  for (const auto& node : report.quantized) json["quantized"][node.node] = node.op;
  for (const auto& node : report.left) json["left"][node.node] = node.reason;
  return json;
}

Result<nlohmann::json> run(Request& request) {
  ZP_ASSIGN_OR_RETURN(zp::Model model, zp::Model::load(request.model));
  ZP_ASSIGN_OR_RETURN(
      request.options.selection,
      zp::Selection::make(model.graph(), std::move(request.include), std::move(request.exclude)));
  request.dynamic.selection = request.options.selection;
  if (request.is_dynamic) return run_dynamic(request, model);
  ZP_ASSIGN_OR_RETURN(const int64_t opset, zp::required_opset(model, request.options));
  if (request.prepare) ZP_RETURN_IF_ERROR(prepare_for(model, opset));
  ZP_ASSIGN_OR_RETURN(const auto report, zp::quantize_weights_only(model, request.options));
  ZP_RETURN_IF_ERROR(zp::check_with_onnx(model));
  ZP_RETURN_IF_ERROR(model.save(request.out));
  nlohmann::json json{{"required_opset", opset},
                      {"quantized", nlohmann::json::array()},
                      {"left", nlohmann::json::object()}};
  for (const auto& weight : report.quantized) {
    json["quantized"].push_back(
        {{"name", weight.name},
         {"nodes", weight.nodes},
         {"form", weight.form == zp::WeightForm::kMatMulNBits ? "nbits" : "dequantize"},
         {"type", weight.type.name()},
         {"block_size", weight.block_size},
         {"bytes_before", weight.bytes_before},
         {"bytes_after", weight.bytes_after},
         {"note", weight.note}});
  }
  for (const auto& weight : report.left) json["left"][weight.name] = weight.reason;
  return json;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  Request request;
  request.model = argv[1];
  request.out = argv[2];
  Status status;
  for (int i = 3; i < argc && status; ++i) {
    const std::string argument = argv[i];
    const auto equals = argument.find('=');
    status = equals == std::string::npos
                 ? zp::invalid_argument("expected KEY=VALUE, got " + argument)
                 : set(request, argument.substr(0, equals), argument.substr(equals + 1));
  }
  auto json = status ? run(request) : tl::unexpected<zp::Error>(status.error());
  if (!json) {
    fmt::print(stderr, "{}\n", json.error().message);
    return 1;
  }
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  (*json)["peak_rss_kb"] = usage.ru_maxrss;
  fmt::print("{}\n", json->dump(1));
}
