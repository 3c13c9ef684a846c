#include "apps/zeropoint/supervisor.h"

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>

namespace zp::app {
namespace {

constexpr size_t kStageSize = 256;

// Shared between both processes; the last byte stays 0.
char* stage = nullptr;

// A signal that somebody sent to stop the command, not one that the work brought about.
bool is_request(int signal) {
  return signal == SIGINT || signal == SIGTERM || signal == SIGHUP || signal == SIGQUIT;
}

void end_by(int signal) {
  std::signal(signal, SIG_DFL);
  ::raise(signal);
}

}  // namespace

void set_stage(std::string_view text) {
  if (!stage) return;
  const size_t length = std::min(text.size(), kStageSize - 1);
  std::memcpy(stage, text.data(), length);
  std::memset(stage + length, 0, kStageSize - length);
}

int supervise(const std::function<int()>& work,
              const std::function<int(const std::string&)>& crashed) {
  if (std::getenv("ZEROPOINT_NO_CHILD")) return work();
  void* shared =
      ::mmap(nullptr, kStageSize, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) return work();
  stage = static_cast<char*>(shared);
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child < 0) return work();
  if (child == 0) {
    // The child does not outlive a parent that was killed.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(1);
    std::exit(work());
  }
  // Ctrl-C reaches both; the child ends by it, and this process after it.
  std::signal(SIGINT, SIG_IGN);
  std::signal(SIGQUIT, SIG_IGN);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGQUIT, SIG_DFL);
  if (WIFEXITED(status)) return WEXITSTATUS(status);
  const int signal = WTERMSIG(status);
  if (is_request(signal)) end_by(signal);
  std::string message = "stopped by a crash (" + std::string(::strsignal(signal)) + ")";
  if (*stage) message += std::string(" while ") + stage;
  return crashed(message + "; no file was written or changed");
}

}  // namespace zp::app
