// bench_calibration: what calibrating a model costs beside running it, in one process and in turns.
// bench/calibration runs it for each task and makes the table.
//
//   plain    the float model as its file is, run on every sample
//   exposed  the same with the tensors to observe handed to somebody who does not look at them
//   calibration  with them observed, as `zeropoint calibrate` does
//
// All load the samples from their files, have as many requests as threads, and compile apart.
#include <fmt/format.h>
#include <sys/resource.h>
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <mutex>
#include <nlohmann/json.hpp>

#include "zeropoint/base/threads.h"
#include "zeropoint/data/sample_source.h"
#include "zeropoint/engine/compile_model.h"
#include "zeropoint/quantizer/calibrate.h"
#include "zeropoint/quantizer/placement.h"
#include "zeropoint/quantizer/prepared_model.h"

namespace zp {
namespace {

using Json = nlohmann::ordered_json;

struct Arguments {
  std::string model;
  std::string samples;
  int threads = 1;
  int rounds = 3;
  int64_t count = 0;
  std::string target;
  std::vector<std::string> only;
};

// What a piece of work took: on the clock, and on all processors together.
struct Times {
  std::vector<double> wall;
  std::vector<double> cpu;
};

double seconds_of(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

template <class Work>
Status timed(Times& times, Work work) {
  const double wall = seconds_of(CLOCK_MONOTONIC);
  const double cpu = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
  ZP_RETURN_IF_ERROR(work());
  times.wall.push_back(seconds_of(CLOCK_MONOTONIC) - wall);
  times.cpu.push_back(seconds_of(CLOCK_PROCESS_CPUTIME_ID) - cpu);
  return {};
}

// The peak of this process. A peak that was there before it began, of the program that started it,
// counts too: start it from a small one.
double peak_mb() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

// Runs every sample; watcher as in Engine::run.
Status run_all(Engine& engine, const CalibrationInputs& samples, const Watcher& watcher) {
  std::mutex mutex;
  std::vector<int> requests;
  for (int i = 0; i < engine.requests(); ++i) requests.push_back(i);
  return parallel_for(samples.count, {.threads = engine.requests(), .what = "running"},
                      [&](int64_t i) -> Status {
                        ZP_ASSIGN_OR_RETURN(const auto sample, samples.load(i));
                        int request = 0;
                        {
                          const std::lock_guard lock(mutex);
                          request = requests.back();
                          requests.pop_back();
                        }
                        const auto run = engine.run(request, sample.inputs, watcher);
                        const std::lock_guard lock(mutex);
                        requests.push_back(request);
                        if (!run) return tl::unexpected<Error>(run.error());
                        return {};
                      });
}

// The bytes of all watched tensors in one run.
Result<size_t> watched_bytes(Engine& engine, const CalibrationInputs& samples) {
  size_t bytes = 0;
  ZP_ASSIGN_OR_RETURN(const auto sample, samples.load(0));
  ZP_ASSIGN_OR_RETURN(const auto run,
                      engine.run(0, sample.inputs, [&](size_t, const OutputView& view) -> Status {
                        bytes += view.bytes.size();
                        return {};
                      }));
  return bytes;
}

Json to_json(double compile_s, const Times& times) {
  return {{"compile_s", compile_s}, {"wall_s", times.wall}, {"cpu_s", times.cpu}};
}

Result<Json> measure(const Arguments& arguments) {
  const auto wanted = [&](const char* what) {
    return arguments.only.empty() || std::ranges::count(arguments.only, what) > 0;
  };
  Times plain_compile, watched_compile, plain, exposed, calibration;
  std::optional<Engine> plain_engine, watched_engine;
  std::vector<ObservedTensor> tensors;
  std::optional<SampleSource> source;
  const auto open = [&](const Model& model) -> Status {
    const std::vector<std::filesystem::path> paths{arguments.samples};
    ZP_ASSIGN_OR_RETURN(auto inputs, input_specs(model));
    ZP_ASSIGN_OR_RETURN(source, SampleSource::open(paths, std::move(inputs), {}));
    return {};
  };
  if (wanted("plain")) {
    ZP_RETURN_IF_ERROR(timed(plain_compile, [&]() -> Status {
      ZP_ASSIGN_OR_RETURN(plain_engine,
                          Engine::compile({arguments.model}, {.requests = arguments.threads}));
      return {};
    }));
    ZP_ASSIGN_OR_RETURN(const Model model, Model::load(arguments.model));
    ZP_RETURN_IF_ERROR(open(model));
  }
  if (wanted("exposed") || wanted("calibration")) {
    ZP_ASSIGN_OR_RETURN(const PreparedModel prepared, prepare_model(arguments.model, {}));
    ZP_RETURN_IF_ERROR(open(prepared.model));
    std::span<const Target> wanted_targets = targets();
    if (!arguments.target.empty()) {
      ZP_ASSIGN_OR_RETURN(const Target* target, find_target(arguments.target));
      wanted_targets = {target, 1};
    }
    tensors = tensors_to_observe(prepared.model, prepared.values, wanted_targets);
    EngineOptions options{.requests = arguments.threads};
    for (const auto& tensor : tensors) options.watched.push_back(tensor.name);
    ZP_RETURN_IF_ERROR(timed(watched_compile, [&]() -> Status {
      ZP_ASSIGN_OR_RETURN(watched_engine, compile(prepared.model, options));
      return {};
    }));
  }
  CalibrationInputs samples;
  samples.count = arguments.count > 0 ? arguments.count : source->size();
  samples.name = [&](int64_t i) { return source->name(i % source->size()); };
  samples.load = [&](int64_t i) -> Result<CalibrationInputs::Sample> {
    ZP_ASSIGN_OR_RETURN(Sample sample, source->load(i % source->size()));
    return CalibrationInputs::Sample{std::move(sample.inputs), sample.hash};
  };

  const Watcher idle = [](size_t, const OutputView&) -> Status { return {}; };
  for (int round = 0; round < arguments.rounds; ++round) {
    if (wanted("plain")) {
      ZP_RETURN_IF_ERROR(timed(plain, [&] { return run_all(*plain_engine, samples, nullptr); }));
    }
    if (wanted("exposed")) {
      ZP_RETURN_IF_ERROR(timed(exposed, [&] { return run_all(*watched_engine, samples, idle); }));
    }
    if (wanted("calibration")) {
      ZP_RETURN_IF_ERROR(timed(calibration, [&]() -> Status {
        ZP_ASSIGN_OR_RETURN(const auto statistics,
                            calibrate(*watched_engine, tensors, samples, {}));
        return {};
      }));
    }
  }

  const double peak = peak_mb();
  Json json{{"samples", samples.count}, {"threads", arguments.threads}, {"peak_mb", peak}};
  if (wanted("plain")) json["plain"] = to_json(plain_compile.wall[0], plain);
  if (watched_engine) {
    json["tensors"] = tensors.size();
    ZP_ASSIGN_OR_RETURN(const size_t bytes, watched_bytes(*watched_engine, samples));
    json["exposed_mb"] = static_cast<double>(bytes) / (1 << 20);
  }
  if (wanted("exposed")) json["exposed"] = to_json(watched_compile.wall[0], exposed);
  if (wanted("calibration")) json["calibration"] = to_json(watched_compile.wall[0], calibration);
  return json;
}

}  // namespace
}  // namespace zp

int main(int argc, char** argv) {
  zp::Arguments arguments;
  CLI::App app("What calibrating a model costs beside running it; prints JSON");
  app.add_option("model", arguments.model)->required();
  app.add_option("samples", arguments.samples, "A folder or list file")->required();
  app.add_option("--threads", arguments.threads)->check(CLI::PositiveNumber);
  app.add_option("--rounds", arguments.rounds)->check(CLI::PositiveNumber);
  app.add_option("--count", arguments.count,
                 "So many samples, taken again and again from the start")
      ->check(CLI::PositiveNumber);
  app.add_option("--target", arguments.target, "Observe what it needs; without it, what any needs");
  app.add_option("--only", arguments.only, "Of plain, exposed, calibration: these")
      ->check(CLI::IsMember({"plain", "exposed", "calibration"}));
  CLI11_PARSE(app, argc, argv);
  const auto json = zp::measure(arguments);
  if (!json) {
    fmt::print(stderr, "{}\n", json.error().message);
    return 1;
  }
  fmt::print("{}\n", json->dump());
}
