// Made by `parsepy types typescript`; make it anew when the schema changes.
// Import it once before the first query: it registers the classes with the SDK.
import Parse from "parse";

export type CartAttributes = {
  user: User;
  items: any[];
  total?: number;
};

export class Cart extends Parse.Object<CartAttributes> {
  constructor(attributes?: Partial<CartAttributes>) {
    super("Cart", attributes as CartAttributes);
  }
}
Parse.Object.registerSubclass("Cart", Cart);

export type DiscountCodeAttributes = {
  code: string;
  percentage: number;
  validUntil: Date;
};

export class DiscountCode extends Parse.Object<DiscountCodeAttributes> {
  constructor(attributes?: Partial<DiscountCodeAttributes>) {
    super("DiscountCode", attributes as DiscountCodeAttributes);
  }
}
Parse.Object.registerSubclass("DiscountCode", DiscountCode);

export type FlashSaleAttributes = {
  product: Product;
  discountPrice: number;
  startTime: Date;
  endTime: Date;
};

export class FlashSale extends Parse.Object<FlashSaleAttributes> {
  constructor(attributes?: Partial<FlashSaleAttributes>) {
    super("FlashSale", attributes as FlashSaleAttributes);
  }
}
Parse.Object.registerSubclass("FlashSale", FlashSale);

export type OrderAttributes = {
  user: User;
  products: any[];
  total: number;
  status: string;
};

export class Order extends Parse.Object<OrderAttributes> {
  constructor(attributes?: Partial<OrderAttributes>) {
    super("Order", attributes as OrderAttributes);
  }
}
Parse.Object.registerSubclass("Order", Order);

export type ProductAttributes = {
  name: string;
  description?: string;
  price: number;
  imageUrl?: string;
};

export class Product extends Parse.Object<ProductAttributes> {
  constructor(attributes?: Partial<ProductAttributes>) {
    super("Product", attributes as ProductAttributes);
  }
}
Parse.Object.registerSubclass("Product", Product);

export type SKUAttributes = {
  product: Product;
  variation: string;
  stock: number;
};

export class SKU extends Parse.Object<SKUAttributes> {
  constructor(attributes?: Partial<SKUAttributes>) {
    super("SKU", attributes as SKUAttributes);
  }
}
Parse.Object.registerSubclass("SKU", SKU);

export type UserAttributes = {
  username?: string;
  email?: string;
  emailVerified?: boolean;
  address?: string;
  role?: string;
};

export class User extends Parse.User<UserAttributes> {
  constructor(attributes?: Partial<UserAttributes>) {
    super(attributes as UserAttributes);
  }
}
Parse.Object.registerSubclass("_User", User);
