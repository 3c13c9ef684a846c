#include "zeropoint/engine/compile_model.h"

#include "zeropoint/base/scratch_folder.h"

namespace zp {

Result<Engine> compile(const Model& model, const EngineOptions& options) {
  EngineSource source{model.name()};
  if (!model.has_external_data() && model.data_size() < (size_t{1900} << 20)) {
    ZP_ASSIGN_OR_RETURN(source.bytes, model.serialize());
    return Engine::compile(std::move(source), options);
  }
  ZP_ASSIGN_OR_RETURN(const ScratchFolder folder, ScratchFolder::create());
  source.path = folder.path() / "model.onnx";
  ZP_RETURN_IF_ERROR(model.save(source.path));
  return Engine::compile(std::move(source), options);
}

}  // namespace zp
