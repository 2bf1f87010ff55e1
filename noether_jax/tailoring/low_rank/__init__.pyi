from . import capture as capture
from . import factored as factored
from . import kernel_uses as kernel_uses
from . import outer_products as outer_products
from .outer_products import OuterProducts as OuterProducts
