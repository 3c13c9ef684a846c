// Samples for a model: found in files, chosen, and loaded one run of the model at a time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "zeropoint/base/error.h"
#include "zeropoint/base/hash.h"
#include "zeropoint/data/image_input.h"
#include "zeropoint/data/input_spec.h"
#include "zeropoint/data/open_archives.h"
#include "zeropoint/data/preprocessing.h"
#include "zeropoint/data/sample_files.h"
#include "zeropoint/data/stored_array.h"
#include "zeropoint/graph/tensor.h"

namespace zp {

enum class ArrayFile {
  kOneRun,    // the arrays of a file are fed as they are
  kManyRows,  // axis 0 of each array in a file counts samples (--rows)
};
enum class BadSamples {
  kFail,  // one that cannot be loaded ends the work
  kSkip,  // it is counted and reported (--skip-bad)
};

struct SampleOptions {
  std::optional<int64_t> count = {};  // so many of the samples (--samples); otherwise all
  std::optional<uint64_t> seed =
      {};  // chosen at random; otherwise evenly spaced (choose_samples.h)
  ArrayFile array_file = ArrayFile::kOneRun;
  BadSamples bad = BadSamples::kFail;
  Preprocessing preprocessing = {};
};

// One of what the user calls samples: a file, a folder of test data, a row of a file.
struct SampleItem {
  size_t file = 0;                  // index into SampleSource::files()
  std::optional<int64_t> row = {};  // where a file holds many
  int64_t position = 0;             // among all samples found, before any were chosen
};

// What one run of the model is fed with.
struct Sample {
  std::string name;                 // "b/0017.npy", "x.npy[17]", "a.png to d.png"
  std::vector<NamedTensor> inputs;  // in the order of the model's inputs
  Hash128 hash;                     // of the inputs: names, types, shapes, bytes
};

// Which files are samples, and in which order, says sample_files.h. What they are fed to:
//
//   arrays     .npy and a single .pb feed the model's only input. .npz feeds inputs by name (for a
//              model with one input, a .npz with one array may call it anything; arrays that are no
//              inputs are left alone). Of test data, input_N feeds the input that the TensorProto
//              is named after, or else input N. fit_input.h says how types and shapes are met.
//   rows       (ArrayFile::kManyRows) each row of axis 0 is a sample with a batch of 1, or without
//              the axis where that is what fits; all arrays of a file have equally many rows
//   pictures   feed the model's only input as image_input.h says; each is a sample
//
// Where the model has a fixed batch B > 1, B consecutive pictures or rows make one run; what is
// left over at the end is dropped and reported in notes().
//
// Memory: nothing is kept of the samples. load() reads what it needs from the files; of a
// compressed archive with rows the last two stay unpacked in temporary files (zip.h).
class SampleSource {
 public:
  // Errors: those of find_sample_files and plan_image_input, an input without a name that is one,
  // fewer pictures or rows than one run takes, a count below 1, and with kManyRows those of files
  // whose rows cannot be counted (BadSamples::kSkip: they are left out, see unreadable()).
  static Result<SampleSource> open(std::span<const std::filesystem::path> paths,
                                   std::vector<InputSpec> inputs, SampleOptions options);

  // The number of runs.
  int64_t size() const { return static_cast<int64_t>(run_ends_.size()); }
  // Run `index`, 0 <= index < size(). May be called from several threads at once. Errors name the
  // file and, where it is one input's, the input.
  Result<Sample> load(int64_t index) const;

  // The samples of run `index`: one, or the batch of a grouped run.
  std::span<const SampleItem> items(int64_t index) const;
  // All chosen samples in the order of the runs.
  std::span<const SampleItem> items() const { return items_; }
  std::string name(const SampleItem& item) const;
  std::string name(int64_t index) const;
  // The samples found before any were chosen.
  int64_t found() const { return found_; }

  const std::vector<SampleFile>& files() const { return files_.files; }
  const std::vector<InputSpec>& inputs() const { return inputs_; }
  const SampleOptions& options() const { return options_; }
  // What could not even be listed (kSkip with rows).
  const std::vector<Error>& unreadable() const { return unreadable_; }
  // What the user should know, a line each: files that are no samples, samples left over, fewer
  // samples than asked for, how pictures are fed.
  const std::vector<std::string>& notes() const { return notes_; }

 private:
  SampleSource() = default;
  Status list_items();
  Status choose_items();
  Status group_items();
  void note_files();
  Result<std::vector<Tensor>> load_item(const SampleItem& item) const;
  Result<std::vector<Tensor>> load_arrays(const SampleItem& item) const;
  bool is_single(const SampleItem& item) const;

  std::vector<InputSpec> inputs_;
  SampleOptions options_;
  SampleFiles files_;
  std::shared_ptr<OpenArchives> archives_ = std::make_shared<OpenArchives>();
  std::optional<ImageInput> image_input_;  // where there are pictures
  int64_t batch_ = 1;                      // pictures or rows that make a run
  std::vector<SampleItem> items_;
  std::vector<size_t> run_ends_;  // run i holds the items before run_ends_[i]
  int64_t found_ = 0;
  std::vector<Error> unreadable_;
  std::vector<std::string> notes_;
};

// The array for each of the inputs: its index. Errors say which input has none, and what there is.
Result<std::vector<size_t>> match_arrays(std::span<const StoredArray> arrays,
                                         std::span<const InputSpec> inputs);

// Of names, types, shapes and bytes, each with its length: equal hashes mean equal samples, on any
// machine.
Hash128 hash_inputs(std::span<const NamedTensor> inputs);

}  // namespace zp
