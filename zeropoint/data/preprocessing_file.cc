#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <set>
#include <string>
#include <system_error>

#include "zeropoint/base/file.h"
#include "zeropoint/data/preprocessing.h"

namespace zp {
namespace {

namespace fs = std::filesystem;

// The value as set_preprocessing takes it: a list is its parts with commas between. What is neither
// becomes a text that no key takes.
std::string text_of(const YAML::Node& value) {
  if (value.IsScalar()) return value.Scalar();
  if (!value.IsSequence()) return value.IsNull() ? "" : "(keys and values)";
  std::string text;
  for (const YAML::Node& part : value) {
    text += (text.empty() ? "" : ",") + (part.IsScalar() ? part.Scalar() : "(a list)");
  }
  return text;
}

Result<Preprocessing> from_yaml(const YAML::Node& root) {
  if (!root.IsMap()) return invalid_data("expected keys with values, such as \"crop: 224x224\"");
  Preprocessing preprocessing;
  std::set<std::string> seen;
  for (const auto& member : root) {
    if (!member.first.IsScalar()) return invalid_data("expected keys that are words");
    const std::string& key = member.first.Scalar();
    if (!seen.insert(key).second) return invalid_data(fmt::format("\"{}\" is given twice", key));
    ZP_RETURN_IF_ERROR(set_preprocessing(preprocessing, key, text_of(member.second)));
  }
  ZP_RETURN_IF_ERROR(check_preprocessing(preprocessing));
  return preprocessing;
}

Result<Preprocessing> parse(const std::string& text) {
  try {
    return from_yaml(YAML::Load(text));
  } catch (const YAML::Exception& error) {
    return invalid_data(fmt::format("is neither YAML nor JSON: {}", error.what()));
  }
}

}  // namespace

Result<Preprocessing> read_preprocessing(const fs::path& path) {
  ZP_ASSIGN_OR_RETURN(const auto bytes, read_file(path));
  auto preprocessing = parse({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  if (!preprocessing) {
    Error error = std::move(preprocessing).error();
    error.code = ErrorCode::kInvalidData;
    return tl::unexpected<Error>(std::move(error).at(path.string()));
  }
  return preprocessing;
}

Result<std::optional<fs::path>> find_preprocess_file(const fs::path& model) {
  std::optional<fs::path> found;
  for (const std::string& base : {model.stem().string(), model.filename().string()}) {
    for (const char* extension : {".yaml", ".yml", ".json"}) {
      const fs::path path = model.parent_path() / (base + ".preprocess" + extension);
      std::error_code ignored;
      if (found == path || !fs::exists(path, ignored)) continue;
      if (found) {
        return invalid_argument(fmt::format("{} and {} are both there; say which with --preprocess",
                                            found->string(), path.string()));
      }
      found = path;
    }
  }
  return found;
}

}  // namespace zp
