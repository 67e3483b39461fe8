// NPZ: a zip archive of NPY files. libzip reads the container; here stands what must not be taken
// on trust in one: what members claim to unpack to.

#include <fmt/format.h>
#include <unistd.h>
#include <zip.h>

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <unordered_set>

#include "formats.hpp"
#include "smoothbound/text/data_error.hpp"

namespace smoothbound {
namespace {

constexpr const char* write_again = "write the archive with numpy.savez or numpy.savez_compressed";

// A name, its sizes and its place take at least as much in the table of contents.
constexpr std::uint64_t smallest_member = 46;

struct CloseArchive {
  void operator()(zip_t* archive) const { zip_discard(archive); }
};
struct CloseMember {
  void operator()(zip_file_t* member) const { zip_fclose(member); }
};

// The members of an archive, unpacked from the beginning on whenever a read does not continue the
// one before.
class Archive {
 public:
  explicit Archive(InputFile file) : path_(file.path()) {
    const int descriptor = dup(file.descriptor());
    if (descriptor < 0) {
      throw DataError(path_, "cannot open: too many files are open",
                      "let fewer files be open at once");
    }
    int error = 0;
    archive_.reset(zip_fdopen(descriptor, 0, &error));
    if (!archive_) {
      close(descriptor);
      zip_error_t described;
      zip_error_init_with_code(&described, error);
      const std::string text = zip_error_strerror(&described);
      zip_error_fini(&described);
      throw DataError(path_, "this is no whole zip archive: " + text, cut_short);
    }
  }

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] zip_t* get() const { return archive_.get(); }

  void read(std::uint64_t index, const std::string& name, std::uint64_t offset,
            std::span<std::byte> bytes) {
    if (!member_ || index != index_ || offset < position_) {
      member_.reset(zip_fopen_index(archive_.get(), index, 0));
      if (!member_) fail(name, zip_strerror(archive_.get()));
      index_ = index;
      position_ = 0;
    }
    std::vector<std::byte> skipped;
    while (position_ < offset) {
      skipped.resize(
          static_cast<std::size_t>(std::min<std::uint64_t>(offset - position_, 1U << 16U)));
      read_next(name, skipped);
    }
    read_next(name, bytes);
  }

  // At the end of a member libzip compares the checksum.
  void expect_end(const std::string& name) {
    std::byte more{};
    const zip_int64_t count = zip_fread(member_.get(), &more, 1);
    if (count < 0) fail(name, zip_file_strerror(member_.get()));
    if (count > 0) fail(name, "it unpacks to more than it claims");
  }
  [[nodiscard]] std::uint64_t position() const { return position_; }

 private:
  [[noreturn]] void fail(const std::string& name, const std::string& why) {
    member_.reset();
    throw DataError(path_, fmt::format("member '{}' cannot be unpacked: {}", name, why),
                    fetch_again);
  }
  void read_next(const std::string& name, std::span<std::byte> bytes) {
    while (!bytes.empty()) {
      const zip_int64_t count = zip_fread(member_.get(), bytes.data(), bytes.size());
      if (count < 0) fail(name, zip_file_strerror(member_.get()));
      if (count == 0) fail(name, "it unpacks to less than it claims");
      bytes = bytes.subspan(static_cast<std::size_t>(count));
      position_ += static_cast<std::uint64_t>(count);
    }
  }

  std::string path_;
  std::unique_ptr<zip_t, CloseArchive> archive_;
  std::unique_ptr<zip_file_t, CloseMember> member_;  // goes before its archive
  std::uint64_t index_ = 0;
  std::uint64_t position_ = 0;
};

class MemberSource : public NpySource {
 public:
  MemberSource(Archive& archive, std::uint64_t index, const std::string& name)
      : archive_(archive), index_(index), name_(name) {}
  void read(std::uint64_t offset, std::span<std::byte> bytes) override {
    archive_.read(index_, name_, offset, bytes);
  }

 private:
  Archive& archive_;
  std::uint64_t index_;
  const std::string& name_;
};

constexpr std::string_view member_ending = ".npy";

class ArchiveBytes : public ArrayBytes {
 public:
  // `ends`: of the elements of each member.
  ArchiveBytes(std::unique_ptr<Archive> archive, std::vector<std::uint64_t> ends)
      : archive_(std::move(archive)), ends_(std::move(ends)) {}
  void read(const ArrayEntry& entry, std::uint64_t begin,
            std::span<std::byte> bytes) const override {
    const std::string name = entry.name + std::string(member_ending);
    archive_->read(entry.member, name, entry.offset + begin, bytes);
    // The entry may be a part of what its member holds.
    if (archive_->position() == ends_.at(entry.member)) archive_->expect_end(name);
  }

 private:
  std::unique_ptr<Archive> archive_;
  std::vector<std::uint64_t> ends_;
};

// What the table of contents says of a member, none of which has to be true.
zip_stat_t check_member(const Archive& archive, std::uint64_t index, std::uint64_t file_size) {
  zip_stat_t status;
  zip_stat_init(&status);
  if (zip_stat_index(archive.get(), index, 0, &status) != 0) {
    throw DataError(archive.path(),
                    fmt::format("member {} of the archive cannot be read: {}", index,
                                zip_strerror(archive.get())),
                    fetch_again);
  }
  const auto fail = [&](const std::string& message, const std::string& hint) {
    throw DataError(archive.path(), fmt::format("member '{}' {}", status.name, message), hint);
  };
  constexpr zip_uint64_t needed = ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE |
                                  ZIP_STAT_COMP_METHOD | ZIP_STAT_ENCRYPTION_METHOD;
  if ((status.valid & needed) != needed) {
    throw DataError(archive.path(), fmt::format("member {} of the archive has no sizes", index),
                    write_again);
  }
  if (status.encryption_method != ZIP_EM_NONE) fail("is encrypted", write_again);
  if (status.comp_method != ZIP_CM_STORE && status.comp_method != ZIP_CM_DEFLATE) {
    fail(fmt::format("is compressed by method {}", status.comp_method), write_again);
  }
  if (status.comp_size > file_size) {
    fail(fmt::format("claims {} bytes, the file has {}", status.comp_size, file_size), cut_short);
  }
  const bool stored = status.comp_method == ZIP_CM_STORE;
  if (stored ? status.size != status.comp_size
             : status.size / largest_deflate_ratio > status.comp_size) {
    fail(fmt::format("claims to unpack to {} bytes, which {} bytes cannot hold", status.size,
                     status.comp_size),
         fetch_again);
  }
  return status;
}

bool looks_like_npz(const InputFile& file) {
  const std::string start = file.read_start(4);
  return start == "PK\3\4" || start == "PK\5\6";
}

ArrayFile open_npz(InputFile file) {
  const std::uint64_t file_size = file.size();
  auto archive = std::make_unique<Archive>(std::move(file));
  const std::string path = archive->path();
  const auto count = static_cast<std::uint64_t>(zip_get_num_entries(archive->get(), 0));
  if (count > file_size / smallest_member) {
    throw DataError(path, fmt::format("the archive claims {} members", count), fetch_again);
  }
  std::uint64_t packed = 0;
  std::string names_of_all = "PK\3\4";  // as the file begins with that of its first member
  bool is_of_torch = false;
  for (std::uint64_t i = 0; i < count; ++i) {
    const char* const name = zip_get_name(archive->get(), i, ZIP_FL_ENC_RAW);
    const std::string_view text = name == nullptr ? "" : name;
    // torch.save writes NAME/data.pkl with the storages beside it.
    is_of_torch = is_of_torch || text == "data.pkl" || text.ends_with("/data.pkl");
    names_of_all.append(text).append(1, '\n');
  }
  if (is_of_torch) refuse_foreign(path, names_of_all);
  std::vector<ArrayEntry> entries;
  std::vector<std::uint64_t> ends;
  std::unordered_set<std::string> names;
  for (std::uint64_t i = 0; i < count; ++i) {
    const zip_stat_t status = check_member(*archive, i, file_size);
    const std::string name = status.name;
    // Members that share their bytes multiply what an archive unpacks to.
    packed += status.comp_size;
    if (packed > file_size) throw DataError(path, "members of the archive overlap", write_again);
    if (!name.ends_with(member_ending)) {
      throw DataError(path, fmt::format("member '{}' is no NPY array", name), write_again);
    }
    if (!names.insert(name).second) {
      throw DataError(path, fmt::format("member '{}' appears twice", name), write_again);
    }
    MemberSource source(*archive, i, name);
    NpyHeader header =
        read_npy_header(source, status.size, path, fmt::format("member '{}': ", name));
    ends.push_back(header.offset + header.bytes);
    entries.push_back({name.substr(0, name.size() - member_ending.size()), header.type,
                       std::move(header.shape), header.offset, header.bytes, header.big_endian, i,
                       header.fortran_order});
  }
  return {path, npz_format, std::move(entries),
          std::make_unique<ArchiveBytes>(std::move(archive), std::move(ends))};
}

}  // namespace

constinit const ArrayFormat npz_format{"NPZ", ArrayContents::named_arrays, looks_like_npz,
                                       open_npz};

}  // namespace smoothbound
