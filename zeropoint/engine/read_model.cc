#include "zeropoint/engine/read_model.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <google/protobuf/io/zero_copy_stream_impl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <istream>
#include <openvino/frontend/manager.hpp>
#include <openvino/op/parameter.hpp>
#include <openvino/op/result.hpp>
#include <ranges>
#include <set>
#include <system_error>

#include "zeropoint/base/file_descriptor.h"
#include "zeropoint/engine/model_stream.h"
#include "zeropoint/engine/model_values.h"
#include "zeropoint/graph/proto.h"

namespace zp {
namespace {

Result<ModelValues> values_of(const EngineSource& source) {
  if (source.bytes) {
    google::protobuf::io::ArrayInputStream stream(source.bytes->data(),
                                                  static_cast<int>(source.bytes->size()));
    return read_model_values(stream, source.bytes->size());
  }
  const FileDescriptor file(::open(source.path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.is_open())
    return fail(ErrorCode::kIo,
                fmt::format("could not open: {}", std::generic_category().message(errno)));
  std::error_code problem;
  const auto size = std::filesystem::file_size(source.path, problem);
  if (problem) return fail(ErrorCode::kIo, fmt::format("could not read: {}", problem.message()));
  google::protobuf::io::FileInputStream stream(file.get());
  return read_model_values(stream, size);
}

Status check_names(const ModelValues& values, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    if (!values.all.contains(name)) {
      return invalid_argument(fmt::format("there is no value \"{}\" in the model", name));
    }
  }
  return {};
}

// What the model has to give: its outputs, the extra ones, what is watched, and its inputs, each of
// which is then found at the place of its name. That is so whatever OpenVINO calls a value: it
// renames some (an input that feeds a Dropout gets the name of the Dropout's output), and forgets
// inputs and values that nothing uses.
std::vector<std::string> wanted_outputs(const ModelValues& values,
                                        const std::vector<std::string>& extra_outputs,
                                        const std::vector<std::string>& watched) {
  std::vector<std::string> wanted = values.outputs;
  std::set<std::string> known(wanted.begin(), wanted.end());
  const auto add = [&](const std::string& name) {
    if (known.insert(name).second) wanted.push_back(name);
  };
  std::ranges::for_each(extra_outputs, add);
  std::ranges::for_each(watched, add);
  std::ranges::for_each(values.inputs, add);
  return wanted;
}

std::shared_ptr<ov::Model> read_with_outputs(const EngineSource& source,
                                             std::span<const std::string> added) {
  onnx::ModelProto tail;
  for (const std::string& name : added) tail.mutable_graph()->add_output()->set_name(name);
  auto buffer = source.bytes ? ModelStreamBuffer(std::span<const char>(*source.bytes),
                                                 tail.SerializeAsString())
                             : ModelStreamBuffer(source.path, tail.SerializeAsString());
  std::istream stream(&buffer);
  const auto frontend = ov::frontend::FrontEndManager().load_by_framework("onnx");
  // The path says where external data is.
  return frontend->convert(
      frontend->load(&stream, std::filesystem::absolute(source.path).string()));
}

}  // namespace

Result<ReadModel> read_model(const EngineSource& source,
                             const std::vector<std::string>& extra_outputs,
                             const std::vector<std::string>& watched) {
  ZP_ASSIGN_OR_RETURN(const ModelValues values, values_of(source));
  ZP_RETURN_IF_ERROR(check_names(values, extra_outputs));
  ZP_RETURN_IF_ERROR(check_names(values, watched));
  const std::vector<std::string> wanted = wanted_outputs(values, extra_outputs, watched);
  ReadModel read;
  read.model = read_with_outputs(source, std::span(wanted).subspan(values.outputs.size()));
  const ov::ResultVector results = read.model->get_results();
  if (results.size() != wanted.size()) {
    return fail(ErrorCode::kUnsupported, fmt::format("OpenVINO made {} outputs of the model's {}",
                                                     results.size(), wanted.size()));
  }
  const auto place_of = [&](const std::string& name) {
    return static_cast<size_t>(std::ranges::find(wanted, name) - wanted.begin());
  };

  for (const std::string& name : values.inputs) {
    const auto node = results[place_of(name)]->get_input_node_shared_ptr(0);
    const auto parameter = std::dynamic_pointer_cast<ov::op::v0::Parameter>(node);
    if (!parameter) {
      return fail(ErrorCode::kUnsupported,
                  fmt::format("OpenVINO does not keep input \"{}\" as an input", name));
    }
    read.inputs.push_back({name, static_cast<size_t>(read.model->get_parameter_index(parameter))});
  }
  for (const std::string& name : values.outputs) read.outputs.push_back({name, place_of(name)});
  std::set<std::string> handed_out(values.outputs.begin(), values.outputs.end());
  for (const std::string& name : extra_outputs) {
    read.extra_outputs.push_back({name, place_of(name)});
    handed_out.insert(name);
  }
  for (const std::string& name : watched) {
    read.watched.emplace_back(name, results[place_of(name)]->input_value(0));
  }
  // Those that only served to find values are the last ones, so no other's index changes.
  for (size_t i = values.outputs.size(); i < wanted.size(); ++i) {
    if (!handed_out.contains(wanted[i])) read.model->remove_result(results[i]);
  }
  return read;
}

Status set_input_shapes(const ReadModel& read,
                        const std::map<std::string, std::vector<int64_t>>& input_shapes) {
  for (const auto& [name, dims] : input_shapes) {
    if (std::ranges::find(read.inputs, name, &ReadModel::Place::name) == read.inputs.end()) {
      return invalid_argument(fmt::format(
          "a shape is given for \"{}\", which is no input of the model; its inputs are {}", name,
          fmt::join(read.inputs | std::views::transform([](const auto& place) {
                      return fmt::format("\"{}\"", place.name);
                    }),
                    ", ")));
    }
  }
  std::map<ov::Output<ov::Node>, ov::PartialShape> shapes;
  for (const auto& [name, index] : read.inputs) {
    const ov::Output<ov::Node> input = read.model->input(index);
    const auto given = input_shapes.find(name);
    if (given == input_shapes.end()) {
      if (input.get_partial_shape().rank().is_dynamic()) {
        return invalid_argument(
            fmt::format("the model does not give the shape of input \"{0}\": give it one, such as "
                        "\"{0}:1x3x224x224\"",
                        name));
      }
      continue;
    }
    const std::vector<int64_t>& dims = given->second;
    const ov::PartialShape shape(std::vector<ov::Dimension>(dims.begin(), dims.end()));
    if (!input.get_partial_shape().rank().compatible(shape.rank())) {
      return invalid_argument(
          fmt::format("input \"{}\" has {} dimensions, but the shape [{}] is given for it", name,
                      input.get_partial_shape().size(), fmt::join(dims, ", ")));
    }
    shapes.emplace(input, shape);
  }
  if (!shapes.empty()) read.model->reshape(shapes);
  return {};
}

}  // namespace zp
