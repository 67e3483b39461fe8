// NPY: a magic number, the version, the length of the header, the header as a Python dictionary,
// the elements. The format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "formats.hpp"
#include "smoothbound/text/data_error.hpp"

namespace smoothbound {
namespace {

constexpr std::uint64_t longest_npy_header = 1U << 16U;

constexpr const char* save_again = "the file is damaged: save the array again with numpy.save";

struct Descriptor {
  std::string_view code;  // without the byte order
  ElementType type;
};

constexpr std::array<Descriptor, 12> descriptors{{{"f8", ElementType::f64},
                                                  {"f4", ElementType::f32},
                                                  {"f2", ElementType::f16},
                                                  {"u1", ElementType::u8},
                                                  {"i1", ElementType::i8},
                                                  {"u2", ElementType::u16},
                                                  {"i2", ElementType::i16},
                                                  {"u4", ElementType::u32},
                                                  {"i4", ElementType::i32},
                                                  {"u8", ElementType::u64},
                                                  {"i8", ElementType::i64},
                                                  {"b1", ElementType::boolean}}};

// Reads the dictionary, of which numpy itself only ever writes one form.
class DictionaryReader {
 public:
  DictionaryReader(std::string_view text, const std::string& path, const std::string& what)
      : text_(text), path_(path), what_(what) {}

  NpyHeader read() {
    expect('{');
    while (!take('}')) {
      const std::string_view key = read_string();
      expect(':');
      if (key == "descr") {
        once(key, has_type_);
        read_type();
      } else if (key == "fortran_order") {
        once(key, has_order_);
        read_order();
      } else if (key == "shape") {
        once(key, has_shape_);
        read_shape();
      } else {
        fail(fmt::format("the header has an unknown key '{}'", key), save_again);
      }
      if (take('}')) break;
      expect(',');
    }
    skip_blanks();
    if (at_ != text_.size()) malformed();
    if (!has_type_) fail("the header has no 'descr'", save_again);
    if (!has_order_) fail("the header has no 'fortran_order'", save_again);
    if (!has_shape_) fail("the header has no 'shape'", save_again);
    return header_;
  }

 private:
  [[noreturn]] void fail(const std::string& message, const std::string& hint) const {
    throw DataError(path_, what_ + message, hint);
  }
  [[noreturn]] void malformed() const {
    fail(fmt::format("the header is malformed at its byte {}", at_), save_again);
  }
  void once(std::string_view key, bool& seen) const {
    if (seen) fail(fmt::format("the header has '{}' twice", key), save_again);
    seen = true;
  }
  void skip_blanks() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) ++at_;
  }
  bool take(char c) {
    skip_blanks();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  void expect(char c) {
    if (!take(c)) malformed();
  }
  std::string_view read_string() {
    skip_blanks();
    if (at_ >= text_.size() || (text_[at_] != '\'' && text_[at_] != '"')) malformed();
    const char quote = text_[at_];
    const std::size_t begin = ++at_;
    const std::size_t end = text_.find(quote, begin);
    if (end == std::string_view::npos) malformed();
    at_ = end + 1;
    return text_.substr(begin, end - begin);
  }
  void read_type() {
    skip_blanks();
    if (at_ < text_.size() && text_[at_] == '[') {
      fail("the elements are records", "save each field as an array of its own");
    }
    const std::string_view descr = read_string();
    const std::string_view code = descr.empty() ? descr : descr.substr(1);
    if (code.starts_with('O')) {
      fail("the elements are Python objects, which are stored as a pickle",
           "save an array of numbers, e.g. with array.astype('float32')");
    }
    const auto* const found = std::ranges::find(descriptors, code, &Descriptor::code);
    const char order = descr.empty() ? ' ' : descr[0];
    const bool known = found != descriptors.end() &&
                       (order == '<' || order == '>' || order == '|' || order == '=');
    // Without an order, or in that of the machine that wrote it: only bytes have none.
    if (!known || ((order == '|' || order == '=') && size_of(found->type) != 1)) {
      fail(fmt::format("the elements have the type '{}', which is not known", descr),
           "save it as numbers, e.g. with array.astype('float32')");
    }
    header_.type = found->type;
    header_.big_endian = order == '>';
  }
  void read_order() {
    skip_blanks();
    for (const std::string_view word : {"True", "False"}) {
      if (!text_.substr(at_).starts_with(word)) continue;
      header_.fortran_order = word == "True";
      at_ += word.size();
      return;
    }
    malformed();
  }
  void read_shape() {
    expect('(');
    while (!take(')')) {
      skip_blanks();
      std::int64_t size = 0;
      const char* const begin = text_.data() + at_;
      const auto [end, error] = std::from_chars(begin, text_.data() + text_.size(), size);
      if (error == std::errc::result_out_of_range) {
        fail("a size in the shape exceeds 2^63 - 1", save_again);
      }
      if (error != std::errc{} || *begin == '-') malformed();
      at_ += static_cast<std::size_t>(end - begin);
      if (at_ < text_.size() && text_[at_] == 'L') ++at_;  // Python 2
      if (header_.shape.size() == most_axes) {
        fail(fmt::format("the shape has more than {} axes", most_axes),
             "reshape it: samples have up to 4 axes");
      }
      header_.shape.push_back(size);
      if (take(')')) {
        // (3) is a number, (3,) a shape.
        if (header_.shape.size() == 1) malformed();
        break;
      }
      expect(',');
    }
  }

  std::string_view text_;
  const std::string& path_;
  const std::string& what_;
  std::size_t at_ = 0;
  NpyHeader header_;
  bool has_type_ = false;
  bool has_order_ = false;
  bool has_shape_ = false;
};

class FileSource : public NpySource {
 public:
  explicit FileSource(const InputFile& file) : file_(file) {}
  void read(std::uint64_t offset, std::span<std::byte> bytes) override {
    file_.read(offset, bytes);
  }

 private:
  const InputFile& file_;
};

}  // namespace

NpyHeader read_npy_header(NpySource& source, std::uint64_t size, const std::string& path,
                          const std::string& what) {
  const auto fail = [&](const std::string& message, const std::string& hint) {
    throw DataError(path, what + message, hint);
  };
  constexpr std::size_t magic = 6;
  constexpr std::size_t fixed = 8;
  std::array<unsigned char, fixed + 4> start{};
  const auto read = [&](std::size_t from, std::size_t count) {
    if (from + count > size) fail("the header is cut short", cut_short);
    source.read(from, std::as_writable_bytes(std::span(start).subspan(from, count)));
  };
  read(0, fixed);
  if (!std::equal(start.begin(), start.begin() + magic, "\x93NUMPY",
                  [](unsigned char a, char b) { return a == static_cast<unsigned char>(b); })) {
    fail("this is no NPY array", save_again);
  }
  const int major = start[magic];
  if (major < 1 || major > 3) {
    fail(fmt::format("version {}.{} of the format is not known", major, start[magic + 1]),
         "versions 1 to 3 are read");
  }
  const std::size_t length_size = major == 1 ? 2 : 4;
  read(fixed, length_size);
  std::uint64_t length = 0;
  for (std::size_t i = length_size; i-- > 0;) length = (length << 8U) | start.at(fixed + i);
  const std::uint64_t before = fixed + length_size;
  if (length > size - before) {
    fail(fmt::format("the header claims {} bytes, there are {}", length, size - before), cut_short);
  }
  if (length > longest_npy_header) {
    fail(fmt::format("the header claims {} bytes, more than the limit of {}", length,
                     longest_npy_header),
         save_again);
  }
  std::string text(static_cast<std::size_t>(length), '\0');
  source.read(before, std::as_writable_bytes(std::span(text)));
  NpyHeader header = DictionaryReader(text, path, what).read();
  header.offset = before + length;
  const std::optional<std::uint64_t> needed = byte_count(header.shape, header.type);
  const std::string type_and_shape =
      fmt::format("{} {}", name_of(header.type), shape_to_text(header.shape));
  if (!needed) fail(type_and_shape + " is 2^63 bytes or more", save_again);
  if (*needed != size - header.offset) {
    fail(fmt::format("{} takes {} bytes, there are {} after the header", type_and_shape,
                     needed.value_or(0), size - header.offset),
         *needed > size - header.offset ? cut_short : save_again);
  }
  header.bytes = *needed;
  header.fortran_order = header.fortran_order && header.shape.size() > 1;
  return header;
}

namespace {

bool looks_like_npy(const InputFile& file) { return file.read_start(6) == "\x93NUMPY"; }

ArrayFile open_npy(InputFile file) {
  FileSource source(file);
  NpyHeader header = read_npy_header(source, file.size(), file.path(), "");
  const std::string path = file.path();
  std::vector<ArrayEntry> entries{{"", header.type, std::move(header.shape), header.offset,
                                   header.bytes, header.big_endian, 0, header.fortran_order}};
  return {path, npy_format, std::move(entries), std::make_unique<FileBytes>(std::move(file))};
}

}  // namespace

constinit const ArrayFormat npy_format{"NPY", ArrayContents::array, looks_like_npy, open_npy};

}  // namespace smoothbound
