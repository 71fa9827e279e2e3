"""What callers read, field by field. `views` makes these answers, CSV has a column for each field, OpenAPI a schema.

The order of the fields is the order of the columns: of several bases, those of the first come first.
"""

from .audit import *  # noqa: F403 - one namespace: answers.Package
from .changes import *  # noqa: F403
from .closing import *  # noqa: F403
from .common import *  # noqa: F403
from .customers import *  # noqa: F403
from .events import *  # noqa: F403
from .forecast import *  # noqa: F403
from .forecast_of_all import *  # noqa: F403
from .history import *  # noqa: F403
from .imports import *  # noqa: F403
from .ledger import *  # noqa: F403
from .outlook import *  # noqa: F403
from .overview import *  # noqa: F403
from .packages import *  # noqa: F403
from .problems import *  # noqa: F403
from .reconciliation import *  # noqa: F403
from .runs import *  # noqa: F403
from .settings import *  # noqa: F403
from .simulations import *  # noqa: F403
from .statement import *  # noqa: F403
from .usage import *  # noqa: F403
from .work import *  # noqa: F403
