// IDX, the format of MNIST: two zero bytes, the type, the number of axes, their sizes (32 bits, big
// endian), the elements. Described at http://yann.lecun.com/exdb/mnist/. Files are often compressed
// with gzip.

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <limits>
#include <optional>

#include "formats.hpp"
#include "smoothbound/text/data_error.hpp"

namespace smoothbound {
namespace {

constexpr std::size_t magic_size = 4;

bool is_gzip(std::string_view start) { return start.starts_with("\x1f\x8b"); }

// Unpacks a file from its beginning, never more than is asked for.
class GzipStream {
 public:
  explicit GzipStream(const InputFile& file) : file_(file) {
    constexpr int gzip_only = 16 + MAX_WBITS;
    if (inflateInit2(&stream_, gzip_only) != Z_OK) throw std::bad_alloc();
  }
  GzipStream(const GzipStream&) = delete;
  GzipStream& operator=(const GzipStream&) = delete;
  ~GzipStream() { inflateEnd(&stream_); }

  // How many bytes there were: fewer than asked for at the end only.
  std::size_t read(std::span<std::byte> bytes) {
    std::size_t done = 0;
    while (done < bytes.size() && !ended_) {
      if (stream_.avail_in == 0) refill();
      constexpr std::size_t most = std::numeric_limits<uInt>::max();
      const std::size_t room = std::min(bytes.size() - done, most);
      stream_.next_out = reinterpret_cast<Bytef*>(&bytes[done]);
      stream_.avail_out = static_cast<uInt>(room);
      const int result = inflate(&stream_, Z_NO_FLUSH);
      done += room - stream_.avail_out;
      if (result == Z_STREAM_END) {
        next_member();
      } else if (result == Z_MEM_ERROR) {
        throw std::bad_alloc();
      } else if (result != Z_OK && result != Z_BUF_ERROR) {
        throw DataError(file_.path(),
                        fmt::format("the gzip data are damaged: {}",
                                    stream_.msg == nullptr ? "they do not continue" : stream_.msg),
                        fetch_again);
      }
    }
    return done;
  }

 private:
  void refill() {
    const std::uint64_t left = file_.size() - position_;
    if (left == 0) throw DataError(file_.path(), "the gzip data are cut short", fetch_again);
    const std::size_t count =
        static_cast<std::size_t>(std::min<std::uint64_t>(left, input_.size()));
    file_.read(position_, std::as_writable_bytes(std::span(input_).first(count)));
    position_ += count;
    stream_.next_in = input_.data();
    stream_.avail_in = static_cast<uInt>(count);
  }
  // gzip files may be concatenated.
  void next_member() {
    if (stream_.avail_in == 0 && position_ == file_.size()) {
      ended_ = true;
    } else if (inflateReset(&stream_) != Z_OK) {
      throw std::logic_error("inflateReset failed");
    }
  }

  const InputFile& file_;
  std::array<Bytef, std::size_t{1} << 16U> input_{};
  std::uint64_t position_ = 0;
  z_stream stream_{};
  bool ended_ = false;
};

// Unpacks so many bytes and forgets them; how many there were.
std::uint64_t skip(GzipStream& stream, std::uint64_t size) {
  std::vector<std::byte> buffer(
      static_cast<std::size_t>(std::min<std::uint64_t>(size, std::uint64_t{1} << 16U)));
  std::uint64_t done = 0;
  while (done < size) {
    const std::size_t now =
        static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), size - done));
    const std::size_t count = stream.read(std::span(buffer).first(now));
    done += count;
    if (count < now) break;
  }
  return done;
}

// A file that is unpacked as it is read, from its beginning whenever a read does not continue the
// one before: little may become much, so that nothing is kept.
class GzipBytes : public ArrayBytes {
 public:
  explicit GzipBytes(InputFile file) : file_(std::move(file)) {}

  void read(const ArrayEntry& entry, std::uint64_t begin,
            std::span<std::byte> bytes) const override {
    const std::uint64_t offset = entry.offset + begin;
    if (!stream_ || offset < position_) {
      stream_.emplace(file_);
      position_ = 0;
    }
    position_ += skip(*stream_, offset - position_);
    const std::size_t count = position_ == offset ? stream_->read(bytes) : 0;
    position_ += count;
    // Its size was found right when it was opened.
    if (count < bytes.size()) throw_changed(file_.path());
  }

 private:
  InputFile file_;
  mutable std::optional<GzipStream> stream_;
  mutable std::uint64_t position_ = 0;
};

bool is_idx(std::string_view start) {
  return start.size() >= magic_size && start[0] == 0 && start[1] == 0 && start[2] >= 8 &&
         start[2] <= 14 && start[2] != 10 && start[3] >= 1 &&
         static_cast<std::size_t>(start[3]) <= most_axes;
}

ElementType type_of(unsigned char code) {
  switch (code) {
    case 0x08:
      return ElementType::u8;
    case 0x09:
      return ElementType::i8;
    case 0x0B:
      return ElementType::i16;
    case 0x0C:
      return ElementType::i32;
    case 0x0D:
      return ElementType::f32;
    default:
      return ElementType::f64;
  }
}

// The one entry, from a function that reads `bytes` from the stream and returns how many there
// were.
template <class Read>
ArrayEntry read_header(const std::string& path, const Read& read) {
  std::array<unsigned char, magic_size + 4 * most_axes> header{};
  const auto need = [&](std::size_t from, std::size_t count) {
    if (read(std::as_writable_bytes(std::span(header).subspan(from, count))) < count) {
      throw DataError(path, "the header is cut short", fetch_again);
    }
  };
  need(0, magic_size);
  const std::string_view start(reinterpret_cast<const char*>(header.data()), magic_size);
  if (!is_idx(start)) {
    throw DataError(path, "this is no IDX file",
                    "IDX begins with two zero bytes, the type and the number of axes");
  }
  const std::size_t axes = header[3];
  need(magic_size, 4 * axes);
  ArrayEntry entry;
  entry.type = type_of(header[2]);
  entry.big_endian = true;
  entry.offset = magic_size + 4 * axes;
  for (std::size_t i = 0; i < axes; ++i) {
    std::uint32_t size = 0;
    for (std::size_t j = 0; j < 4; ++j) size = (size << 8U) | header.at(magic_size + 4 * i + j);
    entry.shape.push_back(size);
  }
  const std::optional<std::uint64_t> bytes = byte_count(entry.shape, entry.type);
  if (!bytes) {
    throw DataError(path,
                    fmt::format("the header claims {} {}, 2^63 bytes or more", name_of(entry.type),
                                shape_to_text(entry.shape)),
                    fetch_again);
  }
  entry.bytes = *bytes;
  return entry;
}

std::string claim(const ArrayEntry& entry) {
  return fmt::format("the header claims {} {}, {} bytes", name_of(entry.type),
                     shape_to_text(entry.shape), entry.bytes);
}

ArrayFile open_compressed(InputFile file) {
  const std::string path = file.path();
  GzipStream stream(file);
  ArrayEntry entry =
      read_header(path, [&](std::span<std::byte> bytes) { return stream.read(bytes); });
  if (entry.bytes / largest_deflate_ratio > file.size()) {
    throw DataError(
        path,
        fmt::format("{}, which a gzip file of {} bytes cannot hold", claim(entry), file.size()),
        fetch_again);
  }
  const std::uint64_t count = skip(stream, entry.bytes);
  if (count < entry.bytes) {
    throw DataError(path, fmt::format("{}; it unpacks to {}", claim(entry), count), cut_short);
  }
  std::byte more{};
  if (stream.read({&more, 1}) != 0) {
    throw DataError(path, fmt::format("{}; it unpacks to more", claim(entry)), fetch_again);
  }
  return {path, idx_format, {std::move(entry)}, std::make_unique<GzipBytes>(std::move(file))};
}

bool looks_like_idx(const InputFile& file) {
  const std::string start = file.read_start(magic_size);
  return is_gzip(start) || is_idx(start);
}

ArrayFile open_idx(InputFile file) {
  if (is_gzip(file.read_start(magic_size))) return open_compressed(std::move(file));
  const std::string path = file.path();
  std::uint64_t position = 0;
  ArrayEntry entry = read_header(path, [&](std::span<std::byte> bytes) {
    const std::size_t count =
        static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), file.size() - position));
    file.read(position, bytes.first(count));
    position += count;
    return count;
  });
  if (entry.bytes != file.size() - entry.offset) {
    throw DataError(path, fmt::format("{}; {} follow it", claim(entry), file.size() - entry.offset),
                    entry.bytes > file.size() - entry.offset ? cut_short : fetch_again);
  }
  return {path, idx_format, {std::move(entry)}, std::make_unique<FileBytes>(std::move(file))};
}

}  // namespace

constinit const ArrayFormat idx_format{"IDX", ArrayContents::dataset, looks_like_idx, open_idx};

}  // namespace smoothbound
