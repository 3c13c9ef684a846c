// What the fuzzer does with each input, and the test with each file of the corpus.
#pragma once

#include <string>
#include <string_view>

namespace zp {

// Takes the bytes for a model and does all that is done with one before it runs: parse, check,
// infer, prepare, serialize. Whatever they are, the answer is a model or an error. Returns the
// error, or nothing; ends the program where what preparing made is no valid model.
std::string load_and_prepare(std::string_view bytes);

}  // namespace zp
