#include "tests/explain/run_program.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/support/temporary_folder.h"

namespace zp {
namespace {

std::string contents(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

bool redirect(int descriptor, const char* path, int flags) {
  const int file = open(path, flags, 0600);
  return file >= 0 && dup2(file, descriptor) >= 0;
}

[[noreturn]] void become(const std::vector<char*>& arguments, const char* out, const char* err) {
  if (redirect(STDIN_FILENO, "/dev/null", O_RDONLY) &&
      redirect(STDOUT_FILENO, out, O_WRONLY | O_CREAT) &&
      redirect(STDERR_FILENO, err, O_WRONLY | O_CREAT)) {
    execvp(arguments[0], arguments.data());
  }
  _exit(127);
}

}  // namespace

ProgramResult run_program(const std::vector<std::string>& arguments, const std::string& out_path) {
  const TemporaryFolder folder;
  const std::string out = out_path.empty() ? (folder / "out").string() : out_path;
  const std::string err = folder / "err";
  std::vector<std::string> copies = arguments;
  std::vector<char*> pointers;
  for (std::string& argument : copies) pointers.push_back(argument.data());
  pointers.push_back(nullptr);

  const pid_t child = fork();
  if (child == 0) become(pointers, out.c_str(), err.c_str());
  ProgramResult result;
  int status = 0;
  if (child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status)) {
    result.exit_status = WEXITSTATUS(status);
  }
  if (out_path.empty()) result.out = contents(out);
  result.err = contents(err);
  return result;
}

}  // namespace zp
