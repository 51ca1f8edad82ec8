"""Public cohorts in the format they are downloaded in, turned into benchmarks: KiTS, MedMNIST, nnU-Net."""

from samesplit.benchmarks.importing.kits import import_kits
from samesplit.benchmarks.importing.medmnist import import_medmnist
from samesplit.benchmarks.importing.nnunet import import_nnunet
from samesplit.benchmarks.importing.writing import Imported

__all__ = ["Imported", "import_kits", "import_medmnist", "import_nnunet"]
