// Runs a program to its end and keeps what it said.
#pragma once

#include <string>
#include <vector>

namespace zp {

struct ProgramResult {
  int exit_status = -1;  // -1: it could not be started, or a signal ended it
  std::string out;
  std::string err;
};

// arguments[0] is the program, with its path or looked up. Its standard input is empty. Where
// `out_path` is not empty, standard output goes to that file and `out` stays empty.
ProgramResult run_program(const std::vector<std::string>& arguments,
                          const std::string& out_path = "");

}  // namespace zp
