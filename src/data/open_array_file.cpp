// Tells formats by their content.

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "formats.hpp"
#include "smoothbound/data/model_arrays.hpp"
#include "smoothbound/models/foreign_formats.hpp"
#include "smoothbound/text/data_error.hpp"
#include "smoothbound/text/source_errors.hpp"
#include "smoothbound/text/suggest.hpp"

namespace smoothbound {
namespace {

constexpr std::size_t longest_text = std::size_t{64} << 20U;

constexpr std::array formats{&idx_format, &safetensors_format, &npy_format, &npz_format};

ArrayFile open_model(const std::string& path, const models::ImportOptions& import) {
  try {
    return model_arrays(path, models::read_model_file(path, import).value());
  } catch (const SpecError& error) {
    // Of a text, that is what the places are in.
    const bool has_place = error.location != whole_file;
    throw SourceErrors({path, has_place ? InputFile(path).read_start(longest_text) : ""}, error);
  }
}

}  // namespace

void refuse_foreign(const std::string& path, std::string_view beginning) {
  const auto foreign = models::find_foreign(path, beginning);
  if (!foreign || foreign->to_arrays.empty()) return;
  throw DataError(path, fmt::format("this is {}, not a file of arrays", foreign->what),
                  foreign->to_arrays);
}

void refuse_empty(const InputFile& file) {
  if (file.size() == 0) {
    throw DataError(file.path(), "the file is empty", "write it again, or fetch it again");
  }
}

void refuse_pickle(const InputFile& file) {
  if (safetensors_format.matches(file)) return;
  const std::string start = file.read_start(models::beginning_bytes);
  if (models::is_pickle(start)) refuse_foreign(file.path(), start);
}

std::vector<std::string_view> array_formats(std::initializer_list<ArrayContents> contents) {
  std::vector<std::string_view> names;
  for (const ArrayFormat* format : formats) {
    if (std::ranges::find(contents, format->contents) != contents.end()) {
      names.push_back(format->name);
    }
  }
  return names;
}

const ArrayFormat* find_format(const InputFile& file,
                               std::initializer_list<ArrayContents> contents) {
  const auto* found = std::ranges::find_if(formats, [&](const ArrayFormat* format) {
    return std::ranges::find(contents, format->contents) != contents.end() && format->matches(file);
  });
  return found == formats.end() ? nullptr : *found;
}

ArrayFile open_array_file(const std::string& path, const models::ImportOptions& import) {
  using enum ArrayContents;
  InputFile file(path);
  refuse_empty(file);
  const std::string start = file.read_start(models::beginning_bytes);
  if (models::find_format(path, start) != nullptr) return open_model(path, import);
  const ArrayFormat* format = find_format(file, {array, named_arrays});
  if (format == nullptr) {
    refuse_foreign(path, start);
    throw DataError(
        path, fmt::format("this is no {} file", join_or(array_formats({array, named_arrays}))),
        "the format is told by the content, whatever the name of the file");
  }
  return format->open(std::move(file));
}

}  // namespace smoothbound
