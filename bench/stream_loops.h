// Loops that only move bytes, without arithmetic: the physical limits that kernels are held
// against.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace zp::bench {

enum class Store {
  kRegular,    // the written line is first read into the cache (read for ownership)
  kStreaming,  // written past the cache: no read for ownership
};

enum class Reading {
  kOneStream,   // from the first byte to the last
  kTwoStreams,  // both halves at once: more lines in flight
};

// Reads all of `in` and writes all of `out`, whose sizes are in the ratio 4:1, 2:1, 1:1, 1:2 or
// 1:4; both a multiple of 1 KiB and aligned to 64 bytes. What is written depends on every byte
// read, and means nothing.
void move_bytes(std::span<const std::byte> in, std::span<std::byte> out, Store store);

// Reads all of `in`, a multiple of 1 KiB aligned to 64 bytes, and gives the or of its words.
uint32_t read_bytes(std::span<const std::byte> in, Reading reading);

// The instruction set that the two loops use here.
std::string_view stream_loops_target();

}  // namespace zp::bench
