// Datasets: IDX, CIFAR-10, NPY and generated ones, by name, file and directory.
#include "smoothbound/data/dataset.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "files.hpp"
#include "smoothbound/data/random.hpp"
#include "smoothbound/data/write_arrays.hpp"

namespace smoothbound::testing {
namespace {

using ::testing::MatchesRegex;
using ::testing::StartsWith;

template <class Value>
std::vector<Value> read(const Dataset& dataset, std::int64_t first, std::int64_t count) {
  std::vector<Value> values(static_cast<std::size_t>(count * dataset.sample_shape.elements()));
  dataset.read(first, std::span(values));
  return values;
}

std::string counting(std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(i);
  return bytes;
}

const DatasetOptions train_split = [] {
  DatasetOptions options;
  options.split = Split::train;
  return options;
}();

class Datasets : public ::testing::Test {
 protected:
  [[nodiscard]] std::string refusal(const std::string& bytes,
                                    const DatasetOptions& options = {}) const {
    const std::string path = directory.write("data", bytes);
    return message_of(path, [&] { open_dataset(path, options); });
  }
  const TemporaryDirectory directory;
};

TEST_F(Datasets, IdxPlainAndCompressed) {
  const std::string bytes = idx({2, 3, 4}, counting(24));
  for (const std::string& stored :
       {bytes, gzip(bytes), gzip(bytes.substr(0, 9)) + gzip(bytes.substr(9))}) {
    const Dataset dataset = open_dataset(directory.write("data", stored));
    EXPECT_EQ(dataset.sample_shape, (Shape{1, 3, 4}));
    EXPECT_EQ(dataset.samples, 2);
    EXPECT_FALSE(dataset.labels);
    EXPECT_EQ(dataset.classes, 0);
    const std::vector<float> second = read<float>(dataset, 1, 1);
    EXPECT_EQ(second[0], 12.F / 255.F);
    EXPECT_EQ(read<double>(dataset, 0, 2)[23], 23.0 / 255);
    EXPECT_THROW(read<float>(dataset, 1, 2), std::out_of_range);
    EXPECT_THROW(read<float>(dataset, -1, 1), std::out_of_range);
  }
}

TEST_F(Datasets, IdxOfOtherTypesAndRanks) {
  Dataset dataset =
      open_dataset(directory.write("data", idx({1, 2}, std::string("\xFF\xFE\0\1", 4), 11)));
  EXPECT_EQ(dataset.sample_shape, Shape{2});
  EXPECT_EQ(read<double>(dataset, 0, 1), (std::vector{-2.0, 1.0}));
  dataset = open_dataset(directory.write("data", idx({1, 2, 2, 1}, counting(4))));
  EXPECT_EQ(dataset.sample_shape, (Shape{2, 2, 1}));
}

TEST_F(Datasets, IdxThatLies) {
  EXPECT_EQ(refusal(idx({2, 3}, counting(5))),
            "the header claims U8 [2, 3], 6 bytes; 5 follow it | the file may be cut short: fetch "
            "it again, or write it again");
  EXPECT_EQ(refusal(idx({2, 3}, counting(7))),
            "the header claims U8 [2, 3], 6 bytes; 7 follow it | the file is damaged: fetch it "
            "again, or write it again");
  EXPECT_EQ(refusal(idx({2, 3}, "").substr(0, 10)),
            "the header is cut short | the file is damaged: fetch it again, or write it again");
  EXPECT_EQ(refusal(idx({0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF}, counting(5))),
            "the header claims U8 [4294967295, 4294967295, 4294967295], 2^63 bytes or more | the "
            "file is damaged: fetch it again, or write it again");
  EXPECT_EQ(refusal(idx({0, 3}, "")),
            "an array of shape [0, 3] has no elements | at least one sample is needed");
  EXPECT_EQ(refusal(idx({3}, counting(3))),
            "an array of shape [3] holds no samples | this seems to be a file of labels; name the "
            "images, and this one as their labels");
  EXPECT_EQ(
      refusal(idx({1, 1, 1, 1, 1, 1}, counting(1))),
      "an array of shape [1, 1, 1, 1, 1, 1] holds no samples | the first axis counts samples: [n, "
      "features], [n, channels, length], [n, channels, height, width] or [n, channels, depth, "
      "height, width]");
}

TEST_F(Datasets, CompressedIdxThatLies) {
  EXPECT_EQ(refusal(gzip(idx({2, 3}, counting(5)))),
            "the header claims U8 [2, 3], 6 bytes; it unpacks to 5 | the file may be cut short: "
            "fetch it again, or write it again");
  EXPECT_EQ(refusal(gzip(idx({2, 3}, counting(7)))),
            "the header claims U8 [2, 3], 6 bytes; it unpacks to more | the file is damaged: fetch "
            "it again, or write it again");
  EXPECT_EQ(refusal(gzip(idx({2, 3}, std::string(1'000'000, '\0')))),
            "the header claims U8 [2, 3], 6 bytes; it unpacks to more | the file is damaged: fetch "
            "it again, or write it again")
      << "a bomb is not unpacked";
  EXPECT_THAT(
      refusal(gzip(idx({0x10000, 0x10000}, counting(5)))),
      MatchesRegex("the header claims U8 \\[65536, 65536\\], 4294967296 bytes, which a gzip "
                   "file of [0-9]+ bytes cannot hold \\| the file is damaged: .*"));
  const std::string whole = gzip(idx({20, 30}, counting(600)));
  EXPECT_EQ(refusal(whole.substr(0, whole.size() - 20)),
            "the gzip data are cut short | the file is damaged: fetch it again, or write it again");
  EXPECT_EQ(refusal(whole.substr(0, 5)),
            "the gzip data are cut short | the file is damaged: fetch it again, or write it again");
  std::string damaged = whole;
  damaged[damaged.size() - 6] ^= 1;
  EXPECT_EQ(refusal(damaged),
            "the gzip data are damaged: incorrect data check | the file is damaged: fetch it "
            "again, or write it again");
  EXPECT_EQ(refusal(whole + "trailing"),
            "the gzip data are damaged: incorrect header check | the file is damaged: fetch it "
            "again, or write it again");
  EXPECT_EQ(
      refusal(gzip("not an array")),
      "this is no IDX file | IDX begins with two zero bytes, the type and the number of axes");
  EXPECT_EQ(refusal(gzip("")),
            "the header is cut short | the file is damaged: fetch it again, or write it again");
}

TEST_F(Datasets, LabelsBelongToSamples) {
  DatasetOptions options;
  const std::string images = idx({3, 2}, counting(6));
  const auto labelled = [&](const std::string& labels) {
    options.labels = directory.write("labels", labels);
    return message_of(*options.labels,
                      [&] { open_dataset(directory.write("data", images), options); });
  };
  EXPECT_EQ(labelled(idx({2}, counting(2))),
            "2 labels do not belong to 3 samples | name the labels of these samples, one for each");
  EXPECT_EQ(labelled(idx({2, 2}, counting(4))),
            "2 labels do not belong to 3 samples | name the labels of these samples, one for each");
  EXPECT_EQ(labelled(npy(npy_dict("|u1", "(3, 2, 2, 2)"), counting(24))),
            "an array of shape [3, 2, 2, 2] holds no labels | labels are numbers, one for each "
            "sample, or for each of its positions: [samples] or [samples, height, width]");
  EXPECT_EQ(labelled(npy(npy_dict("<f4", "(3,)"), counting(12))),
            "the array holds F32, not whole numbers | save the class of each sample as a whole "
            "number, e.g. with array.astype('int64')");
  EXPECT_EQ(labelled(npy(npy_dict("|i1", "(3,)"), std::string("\0\xFF\0", 3))),
            "sample 1 has the label -1 | labels count classes from 0 on");
  EXPECT_EQ(labelled(""), "the file is empty | write it again, or fetch it again");
  options.labels =
      directory.write("labels", npy(npy_dict("<i8", "(3,)"), bytes_of<std::int64_t>({4, 0, 1})));
  const Dataset dataset = open_dataset(directory.write("data", images), options);
  EXPECT_EQ(dataset.labels, (std::vector<std::int64_t>{4, 0, 1}));
  EXPECT_EQ(dataset.classes, 5);
  EXPECT_EQ(dataset.labels_of_sample(), 1);
}

TEST_F(Datasets, LabelsOfPositions) {
  DatasetOptions options;
  const std::string images = directory.write("data", idx({3, 2}, counting(6)));
  const auto labelled = [&](const std::string& shape, std::size_t count) {
    options.labels = directory.write("labels", npy(npy_dict("|u1", shape), counting(count)));
    return open_dataset(images, options);
  };
  const Dataset masks = labelled("(3, 1, 2, 4)", 24);
  EXPECT_EQ(masks.label_axes, (std::vector<std::int64_t>{2, 4}));
  EXPECT_EQ(masks.labels_of_sample(), 8);
  EXPECT_EQ(masks.labels->size(), 24U);
  EXPECT_EQ(masks.labels->at(9), 9);
  EXPECT_EQ(masks.classes, 24);
  EXPECT_EQ(labelled("(3, 5)", 15).label_axes, std::vector<std::int64_t>{5});
  EXPECT_EQ(labelled("(3, 1)", 3).labels_of_sample(), 1);
}

TEST_F(Datasets, DirectoryOfIdxFiles) {
  put(directory, "train-images-idx3-ubyte", idx({3, 1, 2}, counting(6)));
  put(directory, "train-labels-idx1-ubyte.gz", gzip(idx({3}, "\7\1\2")));
  put(directory, "t10k-images-idx3-ubyte.gz", gzip(idx({1, 1, 2}, counting(2))));
  const std::string path = directory.path().string();
  const Dataset train = open_dataset(path, train_split);
  EXPECT_EQ(train.samples, 3);
  EXPECT_EQ(train.labels, (std::vector<std::int64_t>{7, 1, 2}));
  EXPECT_EQ(train.classes, 8);
  EXPECT_EQ(message_of(path, [&] { open_dataset(path); }),
            "there is no file 't10k-labels-idx1-ubyte' or 't10k-labels-idx1-ubyte.gz' | put it "
            "there, or take the other part of the data with --split");
}

TEST_F(Datasets, DirectoryOfNothing) {
  const std::string path = directory.path().string();
  EXPECT_EQ(message_of(path, [&] { open_dataset(path); }),
            "there is no dataset in this directory | known are the four IDX files of MNIST "
            "(train-images-idx3-ubyte, ...), plain or as .gz, and the binary files of CIFAR-10 "
            "(data_batch_1.bin, ...) and CIFAR-100 (train.bin, test.bin)");
}

std::string cifar(std::size_t records) {
  std::string bytes;
  for (std::size_t i = 0; i < records; ++i) {
    bytes += static_cast<char>(i % 10) + std::string(3071, static_cast<char>(i)) + '\xFF';
  }
  return bytes;
}

TEST_F(Datasets, Cifar10) {
  const Dataset dataset = open_dataset(directory.write("data_batch_1.bin", cifar(3)));
  EXPECT_EQ(dataset.sample_shape, (Shape{3, 32, 32}));
  EXPECT_EQ(dataset.labels, (std::vector<std::int64_t>{0, 1, 2}));
  EXPECT_EQ(dataset.classes, 10);
  const std::vector<double> second = read<double>(dataset, 1, 2);
  EXPECT_EQ(second[0], 1.0 / 255);
  EXPECT_EQ(second[3071], 1);
  EXPECT_EQ(second[3072], 2.0 / 255);

  for (const char* name : {"data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin"}) {
    put(directory, name, cifar(2));
  }
  const std::string path = directory.path().string();
  const auto train = [&] { return open_dataset(path, train_split); };
  EXPECT_EQ(message_of(path + "/data_batch_5.bin", [&] { train(); }),
            "cannot open: No such file or directory | check the path");
  put(directory, "data_batch_5.bin", cifar(2));
  const Dataset all = train();
  EXPECT_EQ(all.samples, 11);
  EXPECT_EQ(read<double>(all, 4, 1)[0], 1.0 / 255) << "the second of the second file";
  EXPECT_EQ(message_of(path + "/test_batch.bin", [&] { open_dataset(path); }),
            "cannot open: No such file or directory | check the path");
}

TEST_F(Datasets, CifarThatLies) {
  const auto refused = [&](const std::string& bytes) {
    const std::string path = directory.write("x.bin", bytes);
    return message_of(path, [&] { open_dataset(path); });
  };
  EXPECT_EQ(
      refused(cifar(2).substr(1)),
      "6145 bytes are no whole number of CIFAR-10 records of 3073 | the file may be cut short");
  std::string bytes = cifar(2);
  bytes[3073] = '\x0A';
  EXPECT_EQ(
      refused(bytes),
      "sample 1 has the label 10; CIFAR-10 has 0 to 9 | the file is damaged, or of another kind");
  EXPECT_EQ(refused(""), "the file is empty | write it again, or fetch it again");
  // Black pixels behind a label 0, and then the type and rank of IDX: the size decides.
  bytes = std::string("\0\0\x08\1", 4) + std::string(3069, '\0');
  EXPECT_EQ(open_dataset(directory.write("y.bin", bytes)).samples, 1);
}

TEST_F(Datasets, Npy) {
  Dataset dataset = open_dataset(
      directory.write("data", npy(npy_dict("<f4", "(2, 3)"), bytes_of<float>({0, 1, 2, 3, 4, 5}))));
  EXPECT_EQ(dataset.sample_shape, Shape{3});
  EXPECT_EQ(read<float>(dataset, 1, 1), (std::vector{3.F, 4.F, 5.F}));
  dataset =
      open_dataset(directory.write("data", npy(npy_dict("|u1", "(1, 1, 1, 2)"), counting(2))));
  EXPECT_EQ(dataset.sample_shape, (Shape{1, 1, 2}));
  EXPECT_EQ(read<double>(dataset, 0, 1)[1], 1.0 / 255) << "bytes are pixels";
  EXPECT_EQ(refusal(npy(npy_dict("|b1", "(1, 2)"), counting(2))),
            "samples are truth values, not numbers | save it as numbers, e.g. with "
            "array.astype('float32')");
  EXPECT_EQ(
      refusal(npy(npy_dict("|u1", "(2,)"), counting(2))),
      "an array of shape [2] holds no samples | the first axis counts samples: [n, features], "
      "[n, channels, length], [n, channels, height, width] or [n, channels, depth, height, "
      "width]");
  dataset = open_dataset(
      directory.write("data", npy(npy_dict("<f4", "(1, 2)"), bytes_of<float>({0, std::nanf("")}))));
  EXPECT_EQ(message_of(directory / "data", [&] { read<float>(dataset, 0, 1); }),
            "the array holds NaN at [0, 1] | every number has to be finite: find where this one "
            "comes from, or replace it");
}

TEST_F(Datasets, OfNoFormat) {
  EXPECT_EQ(refusal(""), "the file is empty | write it again, or fetch it again");
  EXPECT_EQ(refusal("hello"),
            "this is no IDX, CIFAR or NPY file | the format is told by the content, whatever the "
            "name of the file");
  EXPECT_THAT(refusal(std::string("\x80\2}q\0.", 6)), StartsWith("this is a Python pickle"));
  EXPECT_EQ(message_of(directory / "no", [&] { open_dataset(directory / "no"); }),
            "cannot open: No such file or directory | check the path");
}

TEST_F(Datasets, FashionMnistFromDebian) {
  DatasetOptions options;
  options.fashion_mnist_directory = directory / "none";
  EXPECT_EQ(message_of("fashion-mnist", [&] { open_dataset("fashion-mnist", options); }),
            "there is no directory '" + directory / "none" +
                "' | install it: apt-get install dataset-fashion-mnist");
  const DatasetOptions standard;
  if (!std::filesystem::exists(standard.fashion_mnist_directory)) {
    GTEST_SKIP() << "dataset-fashion-mnist is not installed";
  }
  const Dataset test = open_dataset("fashion-mnist");
  EXPECT_EQ(test.samples, 10'000);
  EXPECT_EQ(test.sample_shape, (Shape{1, 28, 28}));
  EXPECT_EQ(test.classes, 10);
  // From the dataset's description: the test set has 1000 of each class, the first is a boot (9).
  EXPECT_EQ(std::ranges::count(*test.labels, 3), 1000);
  EXPECT_EQ(test.labels->front(), 9);
  const Dataset train = open_dataset("fashion-mnist", train_split);
  EXPECT_EQ(train.samples, 60'000);
  // The mean of the training pixels that is widely used for it is 0.2860.
  const std::vector<float> pixels = read<float>(train, 0, 60'000);
  EXPECT_NEAR(
      std::accumulate(pixels.begin(), pixels.end(), 0.0) / static_cast<double>(pixels.size()),
      0.2860, 5e-5);
}

TEST(RandomDataset, IsTheSameHoweverItIsRead) {
  const Dataset dataset = random_dataset(Shape{2, 3}, 10, 7, 4);
  const std::vector<double> all = read<double>(dataset, 0, 10);
  const std::vector<float> some = read<float>(dataset, 4, 2);
  for (std::size_t i = 0; i < some.size(); ++i) EXPECT_EQ(some[i], static_cast<float>(all[24 + i]));
  EXPECT_EQ(all[30], RandomSequence(7).normal(30));
  ASSERT_TRUE(dataset.labels);
  EXPECT_EQ(dataset.labels->at(3), RandomSequence(7, 1).below(3, 4));
  EXPECT_FALSE(random_dataset(Shape{2}, 3, 7).labels);
  EXPECT_THROW(random_dataset(Shape{2}, std::int64_t{1} << 62U, 7), ShapeError);
}

TEST(RandomIds, AreUniformAndTheSameHoweverTheyAreRead) {
  const Dataset dataset = with_random_ids(random_dataset(Shape{50}, 100, 7, 4), 5, 7);
  EXPECT_EQ(dataset.labels, random_dataset(Shape{50}, 100, 7, 4).labels);
  const std::vector<double> all = read<double>(dataset, 0, 100);
  const std::vector<float> some = read<float>(dataset, 4, 2);
  for (std::size_t i = 0; i < some.size(); ++i)
    EXPECT_EQ(some[i], static_cast<float>(all[200 + i]));
  EXPECT_EQ(all[30], static_cast<double>(RandomSequence(7).below(30, 5)));
  for (const double id : {0, 1, 2, 3, 4}) {
    EXPECT_NEAR(static_cast<double>(std::ranges::count(all, id)), 1000, 150) << id;
  }
}

TEST(FitSamples, AsIsFlattenedOrPadded) {
  const Dataset dataset = random_dataset(Shape{2, 2, 3}, 4, 1);
  const std::vector<double> values = read<double>(dataset, 1, 2);
  EXPECT_EQ(read<double>(fit_samples(dataset, Shape{2, 2, 3}), 1, 2), values);
  EXPECT_EQ(read<double>(fit_samples(dataset, Shape{12}), 1, 2), values);

  const Dataset padded = fit_samples(dataset, Shape{2, 5, 4}, Border::zeros);
  EXPECT_EQ(padded.sample_shape, (Shape{2, 5, 4}));
  const std::vector<double> wide = read<double>(padded, 1, 2);
  for (std::size_t n = 0; n < 2; ++n) {
    for (std::size_t c = 0; c < 2; ++c) {
      for (std::size_t i = 0; i < 5; ++i) {
        for (std::size_t j = 0; j < 4; ++j) {
          const bool inside = i >= 1 && i < 3 && j < 3;
          EXPECT_EQ(wide[((n * 2 + c) * 5 + i) * 4 + j],
                    inside ? values[((n * 2 + c) * 2 + i - 1) * 3 + j] : 0);
        }
      }
    }
  }
  const Dataset volume = random_dataset(Shape{2, 1, 2, 2}, 2, 1);
  const std::vector<double> small = read<double>(volume, 1, 1);
  const std::vector<double> large =
      read<double>(fit_samples(volume, Shape{2, 3, 4, 2}, Border::zeros), 1, 1);
  for (std::size_t i = 0; i < large.size(); ++i) {
    const std::size_t row = i / 2 % 4;
    const bool inside = i / 8 % 3 == 1 && row >= 1 && row < 3;
    EXPECT_EQ(large[i], inside ? small[(i / 24 * 2 + row - 1) * 2 + i % 2] : 0);
  }
  const Dataset line = random_dataset(Shape{1, 2}, 1, 1);
  const std::vector<double> longer =
      read<double>(fit_samples(line, Shape{1, 4}, Border::zeros), 0, 1);
  EXPECT_EQ(longer[0], 0);
  EXPECT_EQ(longer[1], read<double>(line, 0, 1)[0]);
  EXPECT_EQ(longer[3], 0);
}

TEST(FitSamples, RefusesOtherShapes) {
  const Dataset dataset = random_dataset(Shape{1, 28, 28}, 4, 1);
  const auto refusal = [&](const Shape& shape, Border border = Border::none) {
    return message_of("random", [&] { fit_samples(dataset, shape, border); });
  };
  EXPECT_EQ(refusal(Shape{1, 32, 32}),
            "samples have the shape [1, 28, 28], the network's input has [1, 32, 32] | a border of "
            "zeros would make them fit");
  EXPECT_EQ(refusal(Shape{3, 32, 32}, Border::zeros),
            "samples have the shape [1, 28, 28], the network's input has [3, 32, 32] | give the "
            "architecture's input the shape of the samples, or resize the samples");
  EXPECT_EQ(refusal(Shape{1, 24, 32}, Border::zeros),
            "samples have the shape [1, 28, 28], the network's input has [1, 24, 32] | give the "
            "architecture's input the shape of the samples, or resize the samples");
  EXPECT_EQ(refusal(Shape{783}),
            "samples have the shape [1, 28, 28], the network's input has [783] | give the "
            "architecture's input the shape of the samples, or resize the samples");
}

}  // namespace
}  // namespace smoothbound::testing
