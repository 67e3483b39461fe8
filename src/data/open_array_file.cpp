// Tells formats by their content.

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "formats.hpp"
#include "smoothbound/data/model_arrays.hpp"
#include "smoothbound/text/data_error.hpp"
#include "smoothbound/text/source_errors.hpp"
#include "smoothbound/text/suggest.hpp"

namespace smoothbound {
namespace {

constexpr std::size_t longest_text = std::size_t{64} << 20U;

constexpr std::array formats{&idx_format, &safetensors_format, &npy_format, &npz_format};

// Protocols 2 to 5 begin with their number. Those of Python 2, which are text, begin with a
// container or a class and a line end soon after.
bool looks_like_pickle(const InputFile& file) {
  if (safetensors_format.matches(file)) return false;
  constexpr std::size_t pickle_magic_size = 16;
  const std::string start = file.read_start(pickle_magic_size);
  if (start.size() >= 2 && start[0] == '\x80' && start[1] >= 2 && start[1] <= 5) return true;
  return start.starts_with("(dp") || start.starts_with("(lp") || start.starts_with("ccopy_reg\n") ||
         start.starts_with("ccollections\n") || start.starts_with("cnumpy");
}

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

void throw_pickle(const std::string& path) {
  throw DataError(
      path, "this is a Python pickle, which can run any program when it is read",
      fmt::format(
          "if you trust it, convert it to safetensors: python3 -c \"import sys, torch; from "
          "safetensors.torch import save_file; save_file({{k: v.contiguous() for k, v in "
          "torch.load(sys.argv[1], map_location='cpu', weights_only=True).items()}}, "
          "sys.argv[2])\" {} weights.safetensors",
          path));
}

void refuse_empty(const InputFile& file) {
  if (file.size() == 0) {
    throw DataError(file.path(), "the file is empty", "write it again, or fetch it again");
  }
}

void refuse_pickle(const InputFile& file) {
  if (looks_like_pickle(file)) throw_pickle(file.path());
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
  if (models::find_format(path, file.read_start(models::beginning_bytes)) != nullptr) {
    return open_model(path, import);
  }
  refuse_pickle(file);
  const ArrayFormat* format = find_format(file, {array, named_arrays});
  if (format == nullptr) {
    throw DataError(
        path, fmt::format("this is no {} file", join_or(array_formats({array, named_arrays}))),
        "the format is told by the content, whatever the name of the file");
  }
  return format->open(std::move(file));
}

}  // namespace smoothbound
