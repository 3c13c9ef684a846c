// oneDNN's reorder as a peer: float32 to codes, codes to float32, int32 to codes, with a scale and
// a zero point. It multiplies by the scale, so for quantize its reciprocal is given: the pytorch
// rule. Whether a case runs generated code is asked of the library; its plain loops are not a peer.
#include <dnnl.hpp>

#include <string_view>

#include "bench/workload.h"

namespace zp::bench {
namespace {

using Type = dnnl::memory::data_type;

struct Reordering {
  Type from;
  Type to;
  float factor;
  bool zero_point;
};

dnnl::engine& engine() {
  static dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  return engine;
}

dnnl::memory vector_of(Type type, size_t n, const void* data) {
  const dnnl::memory::desc desc({static_cast<dnnl::memory::dim>(n)}, type,
                                dnnl::memory::format_tag::a);
  return {desc, engine(), const_cast<void*>(data)};
}

Step make_step(const Workload& work, Reordering what) {
  const void* const input =
      what.from == Type::f32 ? static_cast<const void*>(work.normal.data()) : work.codes.data();
  dnnl::memory from = vector_of(what.from, work.n(), input);
  dnnl::memory to = vector_of(what.to, work.n(), work.output.data());
  dnnl::primitive_attr attributes;
  attributes.set_output_scales(0, {what.factor});
  if (what.zero_point) {
    attributes.set_zero_points(what.to == Type::f32 ? DNNL_ARG_SRC : DNNL_ARG_DST, 0, {kZeroPoint});
  }
  const dnnl::reorder::primitive_desc desc(from, to, attributes);
  if (std::string_view(desc.impl_info_str()).substr(0, 3) != "jit") return {};
  return [reorder = dnnl::reorder(desc), stream = dnnl::stream(engine()), from, to]() mutable {
    reorder.execute(stream, from, to);
    stream.wait();
  };
}

void add(const std::string& operation, Reordering what) {
  add_case("onednn/" + operation, [=](const Workload& work) { return make_step(work, what); });
}

}  // namespace

void register_cases() {
  const dnnl_version_t* const version = dnnl_version();
  benchmark::AddCustomContext("onednn", std::to_string(version->major) + "." +
                                            std::to_string(version->minor) + "." +
                                            std::to_string(version->patch));
  add("quantize_u8", {Type::f32, Type::u8, 1 / kScale, true});
  add("quantize_s8", {Type::f32, Type::s8, 1 / kScale, true});
  add("quantize_s8_zp0", {Type::f32, Type::s8, 1 / kScale, false});
  add("dequantize_u8", {Type::u8, Type::f32, kScale, true});
  add("dequantize_s8", {Type::s8, Type::f32, kScale, true});
  add("requantize_u8", {Type::s32, Type::u8, kScale, true});
}

}  // namespace zp::bench
