// The one error type of the library. A function that can fail on its input returns Result<T>
// (or Status, when it has nothing to return); the library never prints, aborts or exits.
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace zp {

enum class ErrorCode {
  kInvalidArgument,  // the caller asked for something that has no meaning
  kInvalidData,      // a file or tensor is damaged, foreign or of the wrong kind
  kUnsupported,      // has a meaning, but is not offered here
  kIo,               // the operating system refused
  kCancelled,        // the caller's progress callback said stop
};

// message: one line that says where (file, node, tensor, channel), what is wrong and what to do.
struct Error {
  ErrorCode code = ErrorCode::kInvalidArgument;
  std::string message;

  // The same error seen from further out: "where: message".
  Error at(std::string_view where) && {
    message = std::string(where) + ": " + message;
    return std::move(*this);
  }
};

template <class T>
using Result = tl::expected<T, Error>;
using Status = Result<void>;

inline tl::unexpected<Error> fail(ErrorCode code, std::string message) {
  return tl::unexpected<Error>(Error{code, std::move(message)});
}
inline tl::unexpected<Error> invalid_argument(std::string message) {
  return fail(ErrorCode::kInvalidArgument, std::move(message));
}
inline tl::unexpected<Error> invalid_data(std::string message) {
  return fail(ErrorCode::kInvalidData, std::move(message));
}

}  // namespace zp

// Returns the error of a Status or Result expression from the enclosing function, if it has one.
#define ZP_RETURN_IF_ERROR(expression)                                 \
  do {                                                                 \
    if (auto zp_status_ = (expression); !zp_status_)                   \
      return tl::unexpected<zp::Error>(std::move(zp_status_).error()); \
  } while (false)

// ZP_ASSIGN_OR_RETURN(auto value, function()): the value, or the error out of this function.
#define ZP_CONCAT_INNER(a, b) a##b
#define ZP_CONCAT(a, b) ZP_CONCAT_INNER(a, b)
#define ZP_ASSIGN_OR_RETURN(declaration, expression) \
  ZP_ASSIGN_OR_RETURN_IMPL(ZP_CONCAT(zp_result_, __LINE__), declaration, expression)
#define ZP_ASSIGN_OR_RETURN_IMPL(result, declaration, expression)           \
  auto result = (expression);                                               \
  if (!result) return tl::unexpected<zp::Error>(std::move(result).error()); \
  declaration = std::move(result).value()
