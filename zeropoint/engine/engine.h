// Engine: float execution of an ONNX model, with OpenVINO's CPU runtime.
//
// Every value of the main graph can be looked at by its ONNX name. Results are the same bits for
// any number of requests, on one machine with one version of OpenVINO: one request is one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "zeropoint/base/error.h"
#include "zeropoint/base/tensor_view.h"
#include "zeropoint/graph/data_type.h"
#include "zeropoint/graph/tensor.h"

namespace zp {

// "OpenVINO 2026.4.1-..."
std::string engine_version();

// Where the model is.
struct EngineSource {
  // The .onnx file; external data is looked for in its folder. With `bytes` the file need not
  // exist: the path then names the model in messages, and the folder.
  std::filesystem::path path;
  // A serialized ModelProto of at most 2 GB; given up as soon as the model is compiled.
  std::optional<std::string> bytes = std::nullopt;
};

enum class ExecutionMode {
  kFloat,               // for models without QuantizeLinear
  kQuantizedAsWritten,  // QuantizeLinear and DequantizeLinear stay where they are; float32 between
  kInt8,                // what OpenVINO makes of a quantized model: integer layers
};

struct EngineOptions {
  ExecutionMode mode = ExecutionMode::kFloat;
  // The number of requests, which may run at the same time, one thread each. At least 1.
  int requests = 1;
  // Names of values to hand out beside the model's own outputs.
  std::vector<std::string> extra_outputs = {};
  // By input name, -1 for a dimension that stays dynamic; replaces the shape in the model.
  std::map<std::string, std::vector<int64_t>> input_shapes = {};
};

// An input or output of the compiled model.
struct EngineValue {
  std::string name;
  DataType type = DataType::kUndefined;
  // -1 for a dimension that is only known when the model runs. Nothing where not even the rank is
  // known, which happens to outputs only.
  std::optional<std::vector<int64_t>> dims;
};

// What a run gave for one value. The engine owns the elements.
struct OutputView {
  DataType type = DataType::kUndefined;
  Shape shape;
  std::span<const std::byte> bytes;  // row-major

  // The elements. Requires type == data_type_of<T>().
  template <class T>
  std::span<const T> as() const {
    return {reinterpret_cast<const T*>(bytes.data()), bytes.size() / sizeof(T)};
  }
};

struct RunOutputs {
  std::vector<OutputView> outputs;  // as in Engine::outputs()
  std::vector<OutputView> extra;    // as in Engine::extra_outputs()
};

// A layer as it is executed: one or several nodes of the model, or a conversion between layers.
struct ExecutedLayer {
  std::string name;
  std::vector<std::string> nodes;  // names of the nodes in it; where one has none, of its output
  std::string type;                // OpenVINO's: "Convolution", "FullyConnected", "Reorder", ...
  std::string precision;           // that it computes in: "f32", "i8", "u8", ...
  std::string implementation;      // such as "brgconv_avx512_1x1_i8"
};

class Engine {
 public:
  // Errors name the model, what failed, and the cause as OpenVINO gives it. Refused are: values of
  // string or unknown type among inputs and outputs (kUnsupported), extra outputs and input shapes
  // whose names the model does not have, inputs without a known rank.
  // Memory: OpenVINO keeps the weights as it uses them (in kFloat once, in the other modes once a
  // request) and, unless they are external data, as they were; nothing else of the model stays.
  static Result<Engine> compile(EngineSource source, const EngineOptions& options);

  Engine(Engine&&) noexcept;
  Engine& operator=(Engine&&) noexcept;
  ~Engine();

  int requests() const;
  // The model's inputs that are no initializers and its outputs, in the model's order, and the
  // extra outputs in the order of the options. A graph output may be asked for as an extra one.
  const std::vector<EngineValue>& inputs() const;
  const std::vector<EngineValue>& outputs() const;
  const std::vector<EngineValue>& extra_outputs() const;

  // Runs the model once. `request` is in [0, requests()); different ones may run at the same time,
  // one only by one thread at a time. Each of inputs() is given once, in any order.
  // The views stay valid until the next run of the same request, or the engine's end, and as long
  // as the inputs.
  Result<RunOutputs> run(int request, std::span<const NamedTensor> inputs);

  // In the order of execution.
  Result<std::vector<ExecutedLayer>> executed_layers() const;

 private:
  struct Compiled;
  explicit Engine(std::unique_ptr<Compiled> compiled);

  std::unique_ptr<Compiled> compiled_;
};

}  // namespace zp
