"""Those of torchvision. Those of VGG and AlexNet get narrower dense layers, which are most of their
numbers; VGG's, for smaller images, without the average to 7x7 before them."""
from torch import nn
from torchvision import models

from .registry import network


def published(name, build, size=64, **how):
    network([3, size, size], name=name, **how)(build)


def narrow(build, features, average=True):
    def with_narrow_classifier():
        model = build(num_classes=10)
        if not average:
            model.avgpool = nn.Identity()
        width = 256
        parts = enumerate(model.classifier)
        dense = [index for index, part in parts if isinstance(part, nn.Linear)]
        for index, inputs, outputs in zip(dense, (features, width, width), (width, width, 10)):
            model.classifier[index] = nn.Linear(inputs, outputs)
        return model
    return with_narrow_classifier


def ten(build, **settings):
    return lambda: build(num_classes=10, **settings)


without_random_start = {"aux_logits": False, "init_weights": False}
published("alexnet", narrow(models.alexnet, 256 * 36), 224)
published("vgg11", narrow(models.vgg11, 512 * 4, average=False))
published("vgg16_bn", narrow(models.vgg16_bn, 512 * 4, average=False), norms="kept")
published("vgg16_bn_folded", narrow(models.vgg16_bn, 512 * 4, average=False))
published("resnet18", ten(models.resnet18), norms="kept")
published("resnet18_folded", ten(models.resnet18))
published("resnet50", ten(models.resnet50))
published("resnext14_32x4d", ten(models.ResNet, block=models.resnet.Bottleneck, layers=[1, 1, 1, 1],
                                 groups=32, width_per_group=4))
published("densenet121", ten(models.densenet121), norms="kept")
published("densenet121_folded", ten(models.densenet121), opset=11)
published("mobilenet_v2", ten(models.mobilenet_v2), norms="kept")
published("mobilenet_v2_folded", ten(models.mobilenet_v2), batch="any")
published("mobilenet_v3_small", ten(models.mobilenet_v3_small), opset=14)
published("mobilenet_v3_small_opset11", ten(models.mobilenet_v3_small), opset=11)
published("efficientnet_b0", ten(models.efficientnet_b0), opset=14)
published("shufflenet_v2_x1_0", ten(models.shufflenet_v2_x1_0), norms="kept")
published("shufflenet_v2_x1_0_any_batch", ten(models.shufflenet_v2_x1_0), batch="any")
published("squeezenet1_1", ten(models.squeezenet1_1))
published("googlenet", ten(models.googlenet, **without_random_start), opset=11)
published("googlenet_transform",
          ten(models.googlenet, transform_input=True, **without_random_start))
published("inception_v3", ten(models.inception_v3, **without_random_start), 107)
published("mnasnet0_5", ten(models.mnasnet0_5), norms="kept")
published("regnet_y_400mf", ten(models.regnet_y_400mf), opset=16)
published("convnext_tiny", ten(models.convnext_tiny), opset=17)


@network([3, 64, 64])
def convnext_small_stages():
    stage = models.convnext.CNBlockConfig
    return models.ConvNeXt([stage(24, 48, 2), stage(48, None, 2)], num_classes=10)


network([3, 64, 64], norms="kept", name="convnext_not_folded")(convnext_small_stages)
