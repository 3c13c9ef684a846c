// Runs the command's work in a process of its own, so that a crash inside a library (the engine, an
// image decoder) ends in an error message and not in the shell's "Segmentation fault".
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace zp::app {

// What the work is doing, for the message after a crash: "calibrating". Cheap; from any thread.
void set_stage(std::string_view stage);

// Calls work() in a child process and returns its exit status. Where the child is killed by a
// signal of its own doing, `crashed` is called with one line that names the signal and the stage,
// and its value is returned; after SIGINT or SIGTERM this process ends by the same signal. Call it
// before any thread is started. Where no process can be made, and where $ZEROPOINT_NO_CHILD is set
// (debuggers), work() runs in this process.
int supervise(const std::function<int()>& work,
              const std::function<int(const std::string&)>& crashed);

}  // namespace zp::app
