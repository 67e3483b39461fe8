// Reads the table of contents of safetensors files: 8 bytes with the length of the header, the
// header in JSON, the elements. The format: https://github.com/huggingface/safetensors

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <nlohmann/json.hpp>
#include <unordered_set>

#include "formats.hpp"
#include "smoothbound/text/data_error.hpp"
#include "smoothbound/text/suggest.hpp"

namespace smoothbound {
namespace {

constexpr std::uint64_t longest_safetensors_header =
    100'000'000;  // that of the reference implementation
constexpr const char* store_again =
    "the file is damaged: fetch it again, or store the tensors again with safetensors";
constexpr std::string_view metadata_key = "__metadata__";

constexpr std::array readable_types{
    ElementType::f64, ElementType::f32, ElementType::f16,    ElementType::bf16, ElementType::u8,
    ElementType::i8,  ElementType::u16, ElementType::i16,    ElementType::u32,  ElementType::i32,
    ElementType::u64, ElementType::i64, ElementType::boolean};

// Takes the header's JSON event by event: duplicates are seen, and there is no tree that would take
// many times the memory of its text.
class HeaderReader {
 public:
  using Json = nlohmann::json;

  explicit HeaderReader(const std::string& path) : path_(path) {}

  // The SAX interface of nlohmann::json.
  bool null() { return misplaced("null"); }
  bool boolean(bool /*value*/) { return misplaced("a truth value"); }
  bool number_integer(Json::number_integer_t value) { return misplaced(fmt::format("{}", value)); }
  bool number_float(Json::number_float_t /*value*/, const std::string& text) {
    return misplaced(text);
  }
  bool binary(Json::binary_t& /*value*/) { return false; }
  bool number_unsigned(Json::number_unsigned_t value) {
    if (depth_ != 3) return misplaced(fmt::format("{}", value));
    constexpr std::uint64_t largest = (std::uint64_t{1} << 63U) - 1;
    if (value > largest) fail(fmt::format("{} exceeds 2^63 - 1", field_text()));
    if (field_ == Field::shape) {
      if (entry_.shape.size() == most_axes) {
        fail(fmt::format("{} has more than {} axes", tensor_text(), most_axes));
      }
      entry_.shape.push_back(static_cast<std::int64_t>(value));
    } else {
      if (offsets_ == 2) fail(fmt::format("{} has more than two numbers", field_text()));
      ends_.at(offsets_++) = value;
    }
    return true;
  }
  bool string(std::string& value) {
    if (depth_ == 2 && in_metadata_) {
      metadata.emplace(std::move(key_), std::move(value));
      return true;
    }
    if (depth_ != 2 || field_ != Field::type) return misplaced("a string");
    const auto found = std::ranges::find(readable_types, value, name_of);
    if (found == readable_types.end()) {
      std::array<std::string_view, readable_types.size()> names;
      std::ranges::transform(readable_types, names.begin(), name_of);
      throw DataError(path_,
                      fmt::format("{} has the type '{}', which is not known", tensor_text(), value),
                      "known are " + join(names));
    }
    entry_.type = *found;
    return true;
  }
  bool key(std::string& value) {
    if (depth_ == 1) {
      if (!names_.insert(value).second) fail(fmt::format("tensor '{}' appears twice", value));
      in_metadata_ = value == metadata_key;
      entry_ = {};
      entry_.name = std::move(value);
      seen_ = {};
      offsets_ = 0;
      return true;
    }
    if (in_metadata_) {
      if (metadata.contains(value)) fail(fmt::format("__metadata__ has '{}' twice", value));
      key_ = std::move(value);
      return true;
    }
    const auto found = std::ranges::find(field_names, std::string_view(value));
    if (found == field_names.end()) {
      fail(fmt::format("{} has an unknown field '{}'", tensor_text(), value));
    }
    const auto number = static_cast<std::size_t>(found - field_names.begin());
    if (seen_.at(number)) fail(fmt::format("{} has '{}' twice", tensor_text(), value));
    seen_.at(number) = true;
    field_ = static_cast<Field>(number);
    return true;
  }
  bool start_object(std::size_t /*size*/) {
    if (depth_ >= 2) return misplaced("an object");
    ++depth_;
    return true;
  }
  bool end_object() {
    if (depth_-- == 1 || in_metadata_) return true;
    for (std::size_t i = 0; i < seen_.size(); ++i) {
      if (!seen_.at(i)) fail(fmt::format("{} has no '{}'", tensor_text(), field_names.at(i)));
    }
    finish();
    return true;
  }
  bool start_array(std::size_t /*size*/) {
    if (depth_ != 2 || in_metadata_ || field_ == Field::type) return misplaced("an array");
    ++depth_;
    return true;
  }
  bool end_array() {
    --depth_;
    if (field_ == Field::offsets && offsets_ != 2) {
      fail(fmt::format("{} has to be two numbers", field_text()));
    }
    return true;
  }
  template <class Exception>
  bool parse_error(std::size_t position, const std::string& /*token*/, const Exception& /*error*/) {
    fail(fmt::format("the header is not valid JSON: an error at its byte {}", position));
  }

  std::vector<ArrayEntry> entries;  // offsets are those after the header
  ArrayFile::Metadata metadata;

 private:
  enum class Field { type, shape, offsets };
  static constexpr std::array<std::string_view, 3> field_names{"dtype", "shape", "data_offsets"};

  [[noreturn]] void fail(const std::string& message) const {
    throw DataError(path_, message, store_again);
  }
  [[nodiscard]] std::string tensor_text() const { return fmt::format("tensor '{}'", entry_.name); }
  [[nodiscard]] std::string field_text() const {
    return fmt::format("{}: '{}'", tensor_text(), field_names.at(static_cast<std::size_t>(field_)));
  }
  [[noreturn]] bool misplaced(const std::string& what) const {
    if (depth_ == 0) fail(fmt::format("the header is {}, not an object", what));
    if (depth_ == 1) fail(fmt::format("{} is {}, not an object", tensor_text(), what));
    if (in_metadata_) fail(fmt::format("__metadata__: '{}' is {}, not a string", key_, what));
    if (depth_ == 3) fail(fmt::format("{} has {} where a count belongs", field_text(), what));
    fail(fmt::format("{} is {}, not {}", field_text(), what,
                     field_ == Field::type ? "a string" : "an array"));
  }

  // What can be said of one tensor by itself.
  void finish() {
    const std::optional<std::uint64_t> needed = byte_count(entry_.shape, entry_.type);
    const std::string type_and_shape =
        fmt::format("{} {}", name_of(entry_.type), shape_to_text(entry_.shape));
    if (!needed) fail(fmt::format("{}: {} is 2^63 bytes or more", tensor_text(), type_and_shape));
    if (ends_[0] > ends_[1]) {
      fail(fmt::format("{} ends at {}, before it begins at {}", tensor_text(), ends_[1], ends_[0]));
    }
    if (ends_[1] - ends_[0] != *needed) {
      fail(fmt::format("{}: {} takes {} bytes, the offsets {} to {} hold {}", tensor_text(),
                       type_and_shape, *needed, ends_[0], ends_[1], ends_[1] - ends_[0]));
    }
    entry_.offset = ends_[0];
    entry_.bytes = *needed;
    entries.push_back(std::move(entry_));
  }

  const std::string& path_;
  int depth_ = 0;  // 1: names, 2: fields, 3: numbers
  bool in_metadata_ = false;
  ArrayEntry entry_;
  std::string key_;
  Field field_ = Field::type;
  std::array<bool, 3> seen_{};
  std::array<std::uint64_t, 2> ends_{};
  std::size_t offsets_ = 0;
  std::unordered_set<std::string> names_;
};

// Tensors lie one behind the other and fill the file: no bytes are in two of them or in none.
void check_layout(std::vector<ArrayEntry>& entries, std::uint64_t size, const std::string& path) {
  std::ranges::stable_sort(entries, [](const ArrayEntry& a, const ArrayEntry& b) {
    return std::pair(a.offset, a.bytes) < std::pair(b.offset, b.bytes);
  });
  std::uint64_t end = 0;
  const ArrayEntry* before = nullptr;
  for (const ArrayEntry& entry : entries) {
    if (entry.offset + entry.bytes > size) {  // both are below 2^63
      throw DataError(path,
                      fmt::format("tensor '{}' ends at byte {} of the data, of which there are {}",
                                  entry.name, entry.offset + entry.bytes, size),
                      cut_short);
    }
    if (entry.offset < end) {
      throw DataError(path, fmt::format("tensors '{}' and '{}' overlap", before->name, entry.name),
                      store_again);
    }
    if (entry.offset > end) {
      throw DataError(path,
                      fmt::format("{} bytes before tensor '{}' belong to no tensor",
                                  entry.offset - end, entry.name),
                      store_again);
    }
    end = entry.offset + entry.bytes;
    before = &entry;
  }
  if (end != size) {
    throw DataError(path, fmt::format("{} bytes at the end belong to no tensor", size - end),
                    store_again);
  }
}

// A length below 2^48, and then JSON.
bool looks_like_safetensors(const InputFile& file) {
  const std::string start = file.read_start(9);
  return start.size() > 8 && start[8] == '{' && start[6] == 0 && start[7] == 0;
}

ArrayFile open_safetensors(InputFile file) {
  constexpr std::uint64_t prefix = sizeof(std::uint64_t);
  const std::string& path = file.path();
  const std::string start = file.read_start(prefix);
  if (start.size() < prefix) {
    throw DataError(path, "the file ends within the header's length", cut_short);
  }
  std::uint64_t length = 0;
  for (std::size_t i = prefix; i-- > 0;) {
    length = (length << 8U) | static_cast<unsigned char>(start[i]);
  }
  if (length > file.size() - prefix) {
    throw DataError(path,
                    fmt::format("the header claims {} bytes, the file has {} after its length",
                                length, file.size() - prefix),
                    cut_short);
  }
  if (length > longest_safetensors_header) {
    throw DataError(path,
                    fmt::format("the header claims {} bytes, more than the limit of {}", length,
                                longest_safetensors_header),
                    store_again);
  }
  HeaderReader reader(path);
  {
    std::string header(static_cast<std::size_t>(length), '\0');
    file.read(prefix, std::as_writable_bytes(std::span(header)));
    nlohmann::json::sax_parse(header, &reader);
  }
  check_layout(reader.entries, file.size() - prefix - length, path);
  for (ArrayEntry& entry : reader.entries) entry.offset += prefix + length;
  const std::string name = path;
  return {name, safetensors_format, std::move(reader.entries),
          std::make_unique<FileBytes>(std::move(file)), std::move(reader.metadata)};
}

}  // namespace

constinit const ArrayFormat safetensors_format{"safetensors", ArrayContents::named_arrays,
                                               looks_like_safetensors, open_safetensors};

}  // namespace smoothbound
