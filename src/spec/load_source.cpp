#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

#include "foreign_formats.hpp"
#include "path_advice.hpp"
#include "smoothbound/spec/read_spec.hpp"
#include "smoothbound/text/regular_file.hpp"

namespace smoothbound {
namespace {

std::string system_message(int error) { return std::generic_category().message(error); }

[[noreturn]] void refuse_size(std::size_t limit) {
  constexpr std::size_t mebibyte = std::size_t{1} << 20U;
  const std::string shown = limit % mebibyte == 0
                                ? fmt::format("{} MiB ({} bytes)", limit / mebibyte, limit)
                                : fmt::format("{} bytes", limit);
  throw SpecError(whole_file, fmt::format("the file is larger than the limit of {}", shown),
                  Remedy::larger_files);
}

void read_all(int descriptor, std::size_t limit, std::string& text) {
  std::array<char, std::size_t{1} << 14U> piece{};
  for (;;) {
    const ssize_t count = read(descriptor, piece.data(), piece.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      const int error = errno;
      text.clear();
      throw SpecError(whole_file, "cannot read: " + system_message(error),
                      "check the disk, or copy the file elsewhere");
    }
    if (count == 0) return;
    text.append(piece.data(), static_cast<std::size_t>(count));
    if (text.size() > limit) {
      text.clear();
      refuse_size(limit);
    }
  }
}

// An open file; refusals are those of a user who names an architecture.
RegularFile open_source(const std::string& path) {
  using Reason = NotReadable::Reason;
  try {
    return RegularFile(path);
  } catch (const NotReadable& error) {
    throw SpecError(whole_file, error.what(),
                    error.reason == Reason::directory     ? advice_for_directory(path)
                    : error.reason == Reason::not_regular ? "to read from a pipe, use '-'"
                                                          : advice_for_missing(path, error.error));
  }
}

// At most as much as a format of models is told by.
std::string beginning_of(const RegularFile& file) {
  std::string start(models::beginning_bytes, '\0');
  const ssize_t count = pread(file.descriptor(), start.data(), start.size(), 0);
  start.resize(static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
  return start;
}

// `content` is not that of `source`, which has the model's text as long as that is being read, for
// places in it.
void read_model(const models::ModelFormat& format, const std::string& path,
                std::string_view content, const models::ImportOptions& options, Source& source) {
  if (!format.is_text) source.text.clear();
  models::ImportedModel model = format.read(path, content, options);
  source.text = std::move(model.text);
  source.notes = std::move(model.notes);
  source.model_format = model.format;
  source.has_numbers = !model.tensors.empty();
}

}  // namespace

void load_source(const std::string& path, const Limits& limits, Source& source,
                 const models::ImportOptions& options) {
  if (path == "-") {
    source = {"<stdin>", {}};
    read_all(STDIN_FILENO, limits.bytes, source.text);
    const std::string_view start(source.text);
    const auto* format = models::find_format({}, start.substr(0, models::beginning_bytes));
    if (format != nullptr) read_model(*format, {}, std::string(source.text), options, source);
    return;
  }
  source = {path, {}};
  const RegularFile file = open_source(path);
  const std::string start = beginning_of(file);
  const models::ModelFormat* const format = models::find_format(path, start);
  if (format != nullptr && !format->is_text) {  // of weights, mostly, which are not looked at
    const models::MappedFile mapped(path);
    return read_model(*format, path, mapped.bytes(), options, source);
  }
  if (format == nullptr) refuse_foreign(path, start);
  if (file.size() > limits.bytes) refuse_size(limits.bytes);
  std::string text;
  text.reserve(static_cast<std::size_t>(file.size()) + 1);
  read_all(file.descriptor(), limits.bytes, text);
  source.text = std::move(text);
  if (format != nullptr) read_model(*format, path, std::string(source.text), options, source);
}

}  // namespace smoothbound
