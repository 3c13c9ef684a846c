// Engine: float execution of an ONNX model, with OpenVINO's CPU runtime.
//
// Every value of the main graph can be looked at by its ONNX name. Results are the same bits for
// any number of requests, on one machine with one version of OpenVINO: one request is one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
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

// In which order the axes of a value lie in memory.
enum class AxisOrder {
  kAsInModel,
  kChannelsLast,  // axis 1 of the model's shape comes last: [N, C, H, W] lies as [N, H, W, C]
};

struct EngineOptions {
  ExecutionMode mode = ExecutionMode::kFloat;
  // The number of requests, which may run at the same time, one thread each. At least 1.
  int requests = 1;
  // Names of values to hand out beside the model's own outputs.
  std::vector<std::string> extra_outputs = {};
  // Names of values to be looked at while the model runs: much cheaper than to hand them out.
  std::vector<std::string> watched = {};
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
  AxisOrder order = AxisOrder::kAsInModel;
  Shape shape;  // of the elements as they lie in memory, row-major
  std::span<const std::byte> bytes;

  // The elements. Requires type == data_type_of<T>().
  template <class T>
  std::span<const T> as() const {
    return {reinterpret_cast<const T*>(bytes.data()), bytes.size() / sizeof(T)};
  }
};

// Where the model's axis, which may count from the end, is in the view. An error where it has none.
Result<int> axis_in(const OutputView& view, int64_t axis);

// Called once a run with each value of Engine::watched() (one without elements may be left out), by
// its number there, in an order that the engine chooses, on a thread of the engine, while the run
// is waited for. The view is valid during the call and may be of either order, and of float32 where
// the model computes in another float type. An error ends the watching, not the run, and is what
// run() then returns.
using Watcher = std::function<Status(size_t number, const OutputView& view)>;

struct RunOutputs {
  std::vector<OutputView> outputs;  // as in Engine::outputs(), all AxisOrder::kAsInModel
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
  // string or unknown type among inputs and outputs (kUnsupported), names (extra outputs,
  // watched values, input shapes) that the model does not have, inputs without a known rank.
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
  // In the order of the options, as the model has them.
  const std::vector<EngineValue>& watched() const;

  // Runs the model once. `request` is in [0, requests()); different ones may run at the same time,
  // one only by one thread at a time. Each of inputs() is given once, in any order.
  // The views stay valid until the next run of the same request, or the engine's end, and as long
  // as the inputs.
  Result<RunOutputs> run(int request, std::span<const NamedTensor> inputs,
                         const Watcher& watcher = nullptr);

  // In the order of execution.
  Result<std::vector<ExecutedLayer>> executed_layers() const;

 private:
  struct Compiled;
  explicit Engine(std::unique_ptr<Compiled> compiled);

  std::unique_ptr<Compiled> compiled_;
};

}  // namespace zp
