// The physical limits: what moving the bytes alone costs.
//
//   copy     memcpy of the n input floats (4n bytes read, 4n written), the yardstick in L2
//   a_to_b   a bytes read and b bytes written an element, the traffic of a kernel of that shape:
//            4_to_1 is quantize to 8 bits, 1_to_4 dequantize, 4_to_4 fake-quantize
//   read     4n bytes read, nothing written: min/max, histogram, moments
//
// In memory a regular store first reads the line that it writes, a streaming store does not, and
// two read streams are faster than one on some cores. Each variant is measured; bench/compare takes
// the fastest as the limit. memcpy of the same total bytes (2.5n for 4_to_1) stands beside them.
#include <cstring>

#include "bench/stream_loops.h"
#include "bench/workload.h"

namespace zp::bench {
namespace {

void add_move(const std::string& shape, size_t in_bytes, size_t out_bytes, size_t per_n = 1) {
  for (const Store store : {Store::kRegular, Store::kStreaming}) {
    const std::string name = store == Store::kRegular ? "" : "_streaming";
    add_case(
        "limit/" + shape + name,
        [=](const Workload& work) -> Step {
          const auto in = std::as_bytes(work.normal).first(work.n() * in_bytes);
          const auto out = work.output.first(work.n() * out_bytes);
          return [=] { move_bytes(in, out, store); };
        },
        per_n);
  }
}

void add_memcpy(const std::string& name, size_t halves_of_n, size_t per_n = 1) {
  add_case(
      "limit/" + name,
      [=](const Workload& work) -> Step {
        const auto in = std::as_bytes(work.normal).first(work.n() * halves_of_n / 2);
        std::byte* const out = work.output.data();
        return [=] { std::memcpy(out, in.data(), in.size()); };
      },
      per_n);
}

void add_read(const std::string& name, Reading reading) {
  add_case("limit/" + name, [=](const Workload& work) -> Step {
    const auto in = std::as_bytes(work.normal);
    return [=] { benchmark::DoNotOptimize(read_bytes(in, reading)); };
  });
}

}  // namespace

void register_cases() {
  benchmark::AddCustomContext("stream_loops_target", std::string(stream_loops_target()));
  add_memcpy("copy", 8);
  add_memcpy("memcpy_of_5_bytes", 5);
  add_move("4_to_1", 4, 1);
  add_move("4_to_2", 4, 2);
  add_move("4_to_4", 4, 4);
  add_move("2_to_4", 2, 4);
  add_move("1_to_4", 1, 4);
  // 4-bit codes: 4n elements, so that the wider side has 4n bytes as everywhere else.
  add_move("1_to_half", 4, 2, 4);
  add_move("half_to_1", 2, 4, 4);
  add_read("read", Reading::kOneStream);
  add_read("read_two_streams", Reading::kTwoStreams);
}

}  // namespace zp::bench
