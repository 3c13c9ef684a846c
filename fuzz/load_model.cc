#include "fuzz/load_model.h"

#include <cstdio>
#include <cstdlib>

#include "zeropoint/graph/check.h"
#include "zeropoint/graph/model.h"
#include "zeropoint/graph/values.h"
#include "zeropoint/passes/prepare.h"

namespace zp {
namespace {

template <class Expected>
void require(const Expected& value, const char* what) {
  if (value) return;
  std::fprintf(stderr, "%s: %s\n", what, value.error().message.c_str());
  std::abort();
}

}  // namespace

std::string load_and_prepare(std::string_view bytes) {
  auto model = Model::parse(bytes, "fuzz.onnx", "/nonexistent");
  if (!model) return model.error().message;
  if (const auto status = check_structure(model->proto()); !status) return status.error().message;
  if (const auto values = infer_values(*model); !values) return values.error().message;
  PrepareOptions options;
  // Some inputs as 4 bit would have it.
  if (bytes.size() % 4 == 0) options.min_opset = 21;
  if (const auto report = prepare(*model, options); !report) return report.error().message;
  require(check_structure(model->proto()), "structure after preparing");
  require(check_with_onnx(*model), "ONNX's checker after preparing");
  require(model->hash(), "hash");
  const auto prepared = model->serialize();
  require(prepared, "serializing");
  require(Model::parse(*prepared, "fuzz.onnx"), "parsing what was serialized");
  return {};
}

}  // namespace zp
