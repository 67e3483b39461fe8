// Files as other programs leave them: names with dots, folders of torchvision, CIFAR-100, columns
// of labels, images without channels, and archives that unpack to much.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "files.hpp"
#include "smoothbound/data/dataset.hpp"

namespace smoothbound::testing {
namespace {

std::vector<double> all_of(const Dataset& dataset) {
  std::vector<double> values(
      static_cast<std::size_t>(dataset.samples * dataset.sample_shape.elements()));
  dataset.read(0, std::span(values));
  return values;
}

class PeopleFiles : public ::testing::Test {
 protected:
  void put_at(const std::filesystem::path& name, std::string_view text) const {
    std::filesystem::create_directories((directory.path() / name).parent_path());
    put(directory, name.string(), text);
  }
  void put_mnist(const std::string& folder, char mark, const std::string& dot = "-") const {
    for (const std::string part : {"train", "t10k"}) {
      put_at(folder + part + "-images" + dot + "idx3-ubyte", idx({1, 1, 1}, {&mark, 1}));
      put_at(folder + part + "-labels" + dot + "idx1-ubyte", idx({1}, "\3"));
    }
  }
  [[nodiscard]] std::string refusal() const {
    return message_of(directory.path().string(), [&] { open_dataset(directory.path().string()); });
  }
  const TemporaryDirectory directory;
};

TEST_F(PeopleFiles, MnistWithDots) {
  put_mnist("", '\x33', ".");
  const Dataset dataset = open_dataset(directory.path().string());
  EXPECT_EQ(all_of(dataset), std::vector{51.0 / 255});
  EXPECT_EQ(dataset.labels, std::vector<std::int64_t>{3});
}

TEST_F(PeopleFiles, FoldersOfTorchvision) {
  put_mnist("MNIST/raw/", '\x33');
  for (const char* const folder : {"", "MNIST", "MNIST/raw"}) {
    const Dataset dataset = open_dataset(directory / folder);
    EXPECT_EQ(all_of(dataset), std::vector{51.0 / 255}) << folder;
    EXPECT_EQ(dataset.name, directory / folder);
  }
  const std::string path = directory.path().string();
  put_at("cifar-100-binary/test.bin", "\1\2" + std::string(3072, '\0'));
  EXPECT_EQ(refusal(), "there are 2 datasets in this directory | name one of them: " + path +
                           "/MNIST/raw, " + path + "/cifar-100-binary");
  put_mnist("", '\0');
  EXPECT_EQ(all_of(open_dataset(path)), std::vector{0.0}) << "what it holds itself comes first";
}

TEST_F(PeopleFiles, Cifar100HasTwoLabelsAndTheFineOneCounts) {
  std::string bytes;
  for (const char fine : {'\x63', '\x07'}) {
    bytes += '\x13';
    bytes += fine + std::string(3071, fine) + '\xFF';
  }
  put(directory, "train.bin", bytes);
  DatasetOptions options;
  options.split = Split::train;
  for (const std::string& name : {directory.path().string(), directory / "train.bin"}) {
    const Dataset dataset = open_dataset(name, options);
    EXPECT_EQ(dataset.labels, (std::vector<std::int64_t>{99, 7}));
    EXPECT_EQ(dataset.classes, 100);
    const std::vector<double> values = all_of(dataset);
    EXPECT_EQ(values[3070], 99.0 / 255);
    EXPECT_EQ(values[3071], 1);
    EXPECT_EQ(values[3072], 7.0 / 255);
  }
  bytes[1] = 100;
  const std::string path = directory.write("train.bin", bytes);
  EXPECT_EQ(
      message_of(path, [&] { open_dataset(path); }),
      "sample 0 has the label 100; CIFAR-100 has 0 to 99 | the file is damaged, or of another "
      "kind");
  EXPECT_EQ(message_of(directory / "test.bin", [&] { open_dataset(directory.path().string()); }),
            "cannot open: No such file or directory | check the path");
}

TEST_F(PeopleFiles, LabelsInAColumn) {
  const std::string images = directory.write("x", idx({3, 1}, "abc"));
  DatasetOptions options;
  for (const std::string& labels : {idx({3, 1}, "\1\2\3"), npy(npy_dict("|u1", "(3, 1)"), "\1\2\3"),
                                    npy(npy_dict("|u1", "(3, 1)", "True"), "\1\2\3")}) {
    options.labels = directory.write("labels", labels);
    EXPECT_EQ(open_dataset(images, options).labels, (std::vector<std::int64_t>{1, 2, 3}));
  }
}

TEST_F(PeopleFiles, ImagesWithoutChannels) {
  const std::string path =
      directory.write("x.npy", npy(npy_dict("|u1", "(2, 2, 3)"), "abcdefghijkl"));
  const Dataset stored = open_dataset(path);
  const Dataset fits = fit_samples(stored, Shape{1, 2, 3});
  EXPECT_EQ(fits.sample_shape, (Shape{1, 2, 3}));
  EXPECT_EQ(all_of(fits), all_of(stored));
  const std::vector<double> padded = all_of(fit_samples(stored, Shape{1, 4, 5}, Border::zeros));
  EXPECT_EQ(padded.size(), 40U);
  EXPECT_EQ(padded[6], 'a' / 255.0);
  EXPECT_EQ(padded[0], 0);
  // Channels last, of which there is one.
  const Dataset last =
      open_dataset(directory.write("y.npy", npy(npy_dict("|u1", "(1, 2, 3, 1)"), "abcdef")));
  EXPECT_EQ(fit_samples(last, Shape{1, 2, 3}).sample_shape, (Shape{1, 2, 3}));
  const Dataset colours =
      open_dataset(directory.write("z.npy", npy(npy_dict("|u1", "(1, 1, 2, 3)"), "abcdef")));
  EXPECT_EQ(message_of(directory / "z.npy",
                       [&] {
                         fit_samples(colours, Shape{3, 1, 2});
                       }),
            "samples have the shape [1, 2, 3], the network's input has [3, 1, 2] | their channels "
            "come last: put them first, with array.transpose(0, 3, 1, 2)");
}

TEST_F(PeopleFiles, WholeNumbersAreDivided) {
  struct Case {
    const char* type;
    std::string data;
    std::optional<double> asked;
    double expected;
  };
  for (const Case& each :
       {Case{"|u1", "\x33", {}, 51.0 / 255}, Case{"|u1", "\x33", 1, 51},
        Case{"|u1", "\x33", 2, 25.5}, Case{"|i1", "\x33", {}, 51}, Case{"|i1", "\x33", 2, 25.5},
        Case{"<f8", bytes_of<double>({51}), {}, 51}, Case{"<f8", bytes_of<double>({51}), 1, 51}}) {
    DatasetOptions options;
    options.divisor = each.asked;
    const Dataset dataset = open_dataset(
        directory.write("x.npy", npy(npy_dict(each.type, "(1, 1)"), each.data)), options);
    EXPECT_EQ(all_of(dataset), std::vector{each.expected}) << each.type;
  }
  DatasetOptions options;
  options.divisor = 2;
  const std::string path =
      directory.write("x.npy", npy(npy_dict("<f8", "(1, 1)"), bytes_of<double>({51})));
  EXPECT_EQ(message_of(path, [&] { open_dataset(path, options); }),
            "the samples are F64, and only whole numbers are divided | divide them before they are "
            "saved");
}

// For as long as it lives, the process may take so much more memory.
class MemoryLimit {
 public:
  explicit MemoryLimit(std::uint64_t more) {
    getrlimit(RLIMIT_AS, &before_);
    std::uint64_t pages = 0;
    std::ifstream("/proc/self/statm") >> pages;
    rlimit limit = before_;
    limit.rlim_cur = pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE)) + more;
    setrlimit(RLIMIT_AS, &limit);
  }
  MemoryLimit(const MemoryLimit&) = delete;
  MemoryLimit& operator=(const MemoryLimit&) = delete;
  ~MemoryLimit() { setrlimit(RLIMIT_AS, &before_); }

 private:
  rlimit before_{};
};

TEST_F(PeopleFiles, CompressedImagesTakeTheMemoryOfWhatIsRead) {
  constexpr std::uint32_t mebibytes = 128;
  std::string bytes = gzip(idx({mebibytes, 1024, 1024}, ""));
  const std::string zeros = gzip(std::string(1U << 20U, '\0'));
  for (std::uint32_t i = 0; i + 1 < mebibytes; ++i) bytes += zeros;
  bytes += gzip(std::string((1U << 20U) - 1, '\0') + '\xFF');
  const std::string path = directory.write("x.gz", bytes);
  std::vector<float> row(1U << 20U);
  const MemoryLimit limit(std::uint64_t{32} << 20U);
  const Dataset dataset = open_dataset(path);
  dataset.read(mebibytes - 1, std::span(row));
  EXPECT_EQ(row.back(), 1);
  dataset.read(0, std::span(row));
  EXPECT_EQ(row.back(), 0);
}

}  // namespace
}  // namespace smoothbound::testing
