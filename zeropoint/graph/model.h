// An ONNX model in memory: its graph as protobuf messages, its weights wherever they lie.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "zeropoint/base/error.h"
#include "zeropoint/base/hash.h"
#include "zeropoint/graph/proto.h"
#include "zeropoint/graph/spill_file.h"
#include "zeropoint/graph/tensor.h"

namespace zp {

// The graph is edited through proto(); what the editor does not understand stays as it was. Data of
// tensors is read and written through read() and write(), which know where it lies: in the message,
// in a file beside the model (external data), or spilled to a file of our own, so that a model
// above 2 GB never passes through one message and never lies in memory as a whole.
class Model {
 public:
  // Parses the file. Nothing is checked beyond its being a ModelProto with a graph and an
  // operator set (check.h does the rest). External data of more than 1 KiB stays where it is; all
  // of it must be there in full, inside the model's folder. Errors name the file: missing, empty,
  // truncated or not ONNX, an IR version below 3.
  static Result<Model> load(const std::filesystem::path& path);
  // The same for bytes; `name` stands for the file in messages and `folder` is where external data
  // lies.
  static Result<Model> parse(std::string_view bytes, std::string name,
                             const std::filesystem::path& folder = {});

  Model(Model&&) = default;
  Model& operator=(Model&&) = default;
  // A second model that can be edited on its own; weights outside the message are shared.
  Model copy() const { return *this; }

  const onnx::ModelProto& proto() const { return *proto_; }
  onnx::ModelProto& proto() { return *proto_; }
  const onnx::GraphProto& graph() const { return proto_->graph(); }
  onnx::GraphProto& graph() { return *proto_->mutable_graph(); }
  // The file that it came from, for messages.
  const std::string& name() const { return name_; }
  // The folder that relative locations of external data refer to.
  const std::filesystem::path& folder() const { return folder_; }

  // The elements of a dense tensor of this model. Errors name the tensor: elements that do not fit
  // its shape, an unknown type, external data that cannot be read.
  Result<Tensor> read(const onnx::TensorProto& tensor) const;
  // The bytes of its elements as raw_data would hold them, given to `take` in pieces.
  Status read_data(const onnx::TensorProto& tensor,
                   const std::function<Status(std::span<const std::byte>)>& take) const;
  // Replaces type, shape and elements; the name stays. Elements are kept in the message, or spilled
  // where the model is large and they are many.
  Status write(onnx::TensorProto& tensor, const Tensor& value);
  // The same with a name, as a new initializer at the end of the list.
  Status add_initializer(const std::string& tensor_name, const Tensor& value);

  // Whether some data lies outside the message, so that the model is to be saved with external
  // data.
  bool has_external_data() const;
  // Bytes of all the tensors' data, inside and outside of the message.
  size_t data_size() const;
  // Of the graph and all data, the same wherever the initializers' data lies: tells models apart.
  // Documentation does not count.
  Result<Hash128> hash() const;

  // The model as one message, e.g. for an engine. An error where it would exceed 2 GB.
  Result<std::string> serialize() const;
  // Writes the model to `path`, and data to `path` + ".data" where has_external_data() or where it
  // would not fit into one message. `path` holds a whole model, the old or the new one, whatever
  // fails; where there are two files, only a crash between their two renamings would mix them.
  Status save(const std::filesystem::path& path) const;

 private:
  Model(const Model& other);
  Model(std::unique_ptr<onnx::ModelProto> proto, std::string name, std::filesystem::path folder);
  static Result<Model> make(std::unique_ptr<onnx::ModelProto> proto, std::string name,
                            std::filesystem::path folder);

  std::unique_ptr<onnx::ModelProto> proto_;
  std::string name_;
  std::filesystem::path folder_;
  std::shared_ptr<SpillFile> spill_;  // made with the first tensor that goes there
};

}  // namespace zp
